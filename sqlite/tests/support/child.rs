//! Child processes: this test binary, started again for one role.
//!
//! A role is an ignored test that begins with [`role`] and does nothing unless a [`Child`] runs it.
//! Its process ends with the one that started it.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::time::{DEADLINE, until};

/// Set in child processes only.
const VARIABLE: &str = "TOWER_WEIKA_TEST_ROLE";
/// Prefix of a line that carries a message. All other lines are output of the test binary.
const MESSAGE: &str = "message: ";
const STARTED: &str = "the role has started";

/// A process that runs a role. It is killed when this is dropped.
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
    pub(crate) fn run<V: AsRef<OsStr>>(name: &str, variables: &[(&str, V)]) -> Self {
        let child = Self::spawn(name, variables);
        assert_eq!(child.receive(), STARTED, "{name} is not a role");
        child
    }

    /// As [`run`](Self::run), for several processes at the same moment.
    #[track_caller]
    pub(crate) fn run_all<V: AsRef<OsStr>>(name: &str, variables: &[&[(&str, V)]]) -> Vec<Self> {
        let spawned = variables
            .iter()
            .map(|variables| Self::spawn(name, variables));
        let children: Vec<_> = spawned.collect();
        for child in &children {
            assert_eq!(child.receive(), STARTED, "{name} is not a role");
        }
        children
    }

    fn spawn<V: AsRef<OsStr>>(name: &str, variables: &[(&str, V)]) -> Self {
        let mut command = Command::new(env::current_exe().expect("the path of this program"));
        command.args([
            "--exact",
            name,
            "--include-ignored",
            "--nocapture",
            "--test-threads=1",
        ]);
        for (variable, value) in variables {
            command.env(variable, value);
        }
        command
            .env(VARIABLE, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("this binary can be started");
        let log = Arc::default();
        let (sender, messages) = channel();
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        sort(stdout.expect("piped"), sender.clone(), Arc::clone(&log));
        sort(stderr.expect("piped"), sender, Arc::clone(&log));
        Self {
            process,
            messages,
            log,
        }
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

    /// Returns all lines that the role has sent before its end.
    pub(crate) fn remaining(&self) -> Vec<String> {
        self.messages.iter().collect()
    }

    /// Sends SIGKILL. When this returns, the process is gone.
    pub(crate) fn kill(&mut self) {
        // Fails if it has exited already.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }

    /// Sends SIGTERM.
    #[track_caller]
    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).expect("a process that runs");
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
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.clone()
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
    send(STARTED);
    Some(Parent { messages })
}

impl Parent {
    /// Returns the next line from the parent. Blocks the thread.
    #[track_caller]
    pub(crate) fn receive(&self) -> String {
        let received = self.messages.recv_timeout(DEADLINE);
        received.expect("a line from the parent")
    }
}

/// Returns a variable that the parent has set.
pub(crate) fn variable(name: &str) -> String {
    env::var(name).expect("the parent sets it")
}

/// Sends a line to the parent of this process, from any place in the code.
pub(crate) fn send(line: &str) {
    // The test binary prints partial lines, so the message starts on a new line. In one write, so
    // that the end of the process does not cut it.
    let line = format!("\n{MESSAGE}{line}\n");
    let mut stdout = io::stdout().lock();
    let sent = stdout.write_all(line.as_bytes());
    sent.and_then(|()| stdout.flush())
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
