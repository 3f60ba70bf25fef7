//! This program as another process, which serves until its input ends.

use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A server, which ends when this is dropped.
pub struct Process {
    pub address: SocketAddr,
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Process {
    /// Starts it, and waits until it tells its address.
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("this program can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("text");
        let address = line
            .trim_end()
            .parse()
            .unwrap_or_else(|_| panic!("{command:?} does not start"));
        Self {
            address,
            stdin: child.stdin.take(),
            child,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _reaped = self.child.wait();
    }
}

/// Tells the address of this process to the one that has started it. `end` is called when that one wants it to end.
pub fn tell(address: SocketAddr, end: impl FnOnce() + Send + 'static) {
    std::thread::spawn(|| {
        let _nothing = io::stdin().lines().count();
        end();
    });
    writeln!(io::stdout(), "{address}").expect("the other process reads");
}
