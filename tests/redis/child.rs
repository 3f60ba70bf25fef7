//! Child processes that use the library and can be killed: this test binary, started again for one
//! role.
//!
//! A role is an ignored test that begins with [`role`] and does nothing unless a [`Child`] runs it.
//! `echo` in `harness.rs` is an example.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::redis_server::{DEADLINE, until};
use crate::signals;

/// Set in child processes only.
const VARIABLE: &str = "TOWER_WEIKA_TEST_ROLE";
/// Variables of this machine that would change the behaviour of a role.
const NOT_INHERITED: [&str; 6] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];
/// Prefix of a line that carries a message. All other lines are output of the test binary.
const MESSAGE: &str = "message: ";
const STARTED: &str = "the role has started";

/// A process that runs a role. It is killed when this is dropped, and exits when this process ends.
pub(crate) struct Child {
    process: process::Child,
    messages: Receiver<String>,
    /// All other output.
    log: Arc<Mutex<String>>,
}

impl Child {
    /// Runs the role `name`, the path of the ignored test as `cargo test` prints it, with these
    /// additional variables. Returns when the role has started.
    #[track_caller]
    pub(crate) fn run(name: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env::current_exe().expect("the path of this program"));
        command.args([
            "--exact",
            name,
            "--include-ignored",
            "--nocapture",
            "--test-threads=1",
        ]);
        for variable in NOT_INHERITED {
            command
                .env_remove(variable)
                .env_remove(variable.to_lowercase());
        }
        command.env(VARIABLE, name).envs(variables.iter().copied());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("this binary can be started");
        let log = Arc::default();
        let (sender, messages) = channel();
        sort(
            process.stdout.take().expect("piped"),
            sender.clone(),
            Arc::clone(&log),
        );
        sort(
            process.stderr.take().expect("piped"),
            sender,
            Arc::clone(&log),
        );
        let child = Self {
            process,
            messages,
            log,
        };
        assert_eq!(child.receive(), STARTED, "{name} is not a role");
        child
    }

    /// Sends a line to the role.
    #[track_caller]
    pub(crate) fn send(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().expect("piped");
        writeln!(stdin, "{line}")
            .unwrap_or_else(|error| panic!("the child has exited ({error}): {}", self.log()));
    }

    /// Returns the next line from the role.
    #[track_caller]
    pub(crate) fn receive(&self) -> String {
        let received = self.messages.recv_timeout(DEADLINE);
        received.unwrap_or_else(|error| panic!("the child sent nothing ({error}): {}", self.log()))
    }

    /// Returns the next line if one arrives within this time.
    #[track_caller]
    pub(crate) fn receive_within(&self, timeout: Duration) -> Option<String> {
        match self.messages.recv_timeout(timeout) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the child has exited: {}", self.log()),
        }
    }

    /// Sends SIGKILL. When this returns, the process is gone.
    pub(crate) fn kill(&mut self) {
        // Fails if it has exited already.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }

    /// Sends SIGSTOP, which has the effect of a long pause of the machine.
    #[track_caller]
    pub(crate) fn pause(&self) {
        signals::stop(&self.process);
    }

    /// Sends SIGCONT.
    #[track_caller]
    pub(crate) fn resume(&self) {
        signals::resume(&self.process);
    }

    /// Waits until the role has exited; the status is a success if none of its assertions failed.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until("the child exits", || {
            status = self.process.try_wait().expect("a child of this process");
            status.is_some()
        });
        status.expect("it has exited")
    }

    /// Returns all output except messages.
    pub(crate) fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The process that started this role.
pub(crate) struct Parent {
    messages: Receiver<String>,
}

/// Called first in each role. Returns `None` if this is not a child but a run of all ignored tests.
pub(crate) fn role() -> Option<Parent> {
    env::var_os(VARIABLE)?;
    let (sender, messages) = channel();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            let _closed = sender.send(line);
        }
        // The parent has exited: without this the child would keep running.
        process::exit(1);
    });
    let parent = Parent { messages };
    parent.send(STARTED);
    Some(parent)
}

impl Parent {
    /// Sends a line to the parent.
    #[track_caller]
    pub(crate) fn send(&self, line: &str) {
        send(line);
    }

    /// Returns the next line from the parent. Blocks the thread.
    #[track_caller]
    pub(crate) fn receive(&self) -> String {
        self.messages
            .recv_timeout(DEADLINE)
            .expect("a line from the parent")
    }
}

/// Sends a line to the parent of this process, from any place in the code.
#[track_caller]
pub(crate) fn send(line: &str) {
    // The test binary prints partial lines, so the message starts on a new line.
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "\n{MESSAGE}{line}")
        .and_then(|()| stdout.flush())
        .expect("a parent that listens");
}

/// Sends messages to `messages` and appends all other lines to `log`.
fn sort(stream: impl Read + Send + 'static, messages: Sender<String>, log: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            match line.strip_prefix(MESSAGE) {
                // The receiver may be gone.
                Some(line) => drop(messages.send(line.to_owned())),
                None => *log.lock().unwrap_or_else(PoisonError::into_inner) += &(line + "\n"),
            }
        }
    });
}
