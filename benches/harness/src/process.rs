//! This program as a separate process, which serves until its stdin is closed.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A server process, which stops when this is dropped.
pub struct Process {
    pub address: SocketAddr,
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Process {
    /// Starts it, and waits until it reports its address.
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

    /// Ends it at once: by closing its stdin, or by SIGKILL.
    pub fn end(mut self, kills: bool) {
        if kills {
            // Fails if it has exited already.
            let _ended = self.child.kill();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _reaped = self.child.wait();
    }
}

/// Returns a size from the status of a process, such as `VmRSS` or `VmHWM`, in MiB; `NAN` where the
/// system does not report it.
pub fn memory(process: u32, size: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(size)?.strip_prefix(':'));
    let kibibytes =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| kibibytes / 1024.0)
}

/// Reports the address of this process to its parent. `end` is called when the parent closes stdin.
pub fn report_address(address: SocketAddr, end: impl FnOnce() + Send + 'static) {
    std::thread::spawn(|| {
        let _nothing = io::stdin().lines().count();
        end();
    });
    writeln!(io::stdout(), "{address}").expect("the parent reads stdout");
}
