//! Other processes that use the library, and can be killed: this test binary once more, for one of its roles.
//!
//! A role is a test that is ignored with a reason, begins with [`role`], and does nothing unless a [`Child`] runs it.
//! `echo` in `harness.rs` shows it.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::redis_server::{DEADLINE, until};
use crate::signals;

/// Only a child has it.
const VARIABLE: &str = "TOWER_WEIKA_TEST_ROLE";
/// Variables of this machine that would change what a role sees.
const NOT_INHERITED: [&str; 6] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];
/// What is said stands on a line of its own behind this. All else is talk of the test binary.
const SAID: &str = "said: ";
const STARTED: &str = "the role has started";

/// A process that plays a role. Killed when it is dropped, and ends by itself when this process ends.
pub(crate) struct Child {
    process: process::Child,
    said: Receiver<String>,
    /// All else that it has printed.
    log: Arc<Mutex<String>>,
}

impl Child {
    /// Plays the role `name`, the path of the ignored test as `cargo test` prints it, with these variables more.
    /// Returns when the role has begun.
    #[track_caller]
    pub(crate) fn run(name: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env::current_exe().expect("a test knows where it is"));
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
        let (sender, said) = channel();
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
        let child = Self { process, said, log };
        assert_eq!(child.hear(), STARTED, "{name} is not a role");
        child
    }

    /// A line that the role hears.
    #[track_caller]
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().expect("piped");
        writeln!(stdin, "{line}")
            .unwrap_or_else(|error| panic!("the child has ended ({error}): {}", self.log()));
    }

    /// The next line that the role says.
    #[track_caller]
    pub(crate) fn hear(&self) -> String {
        let heard = self.said.recv_timeout(DEADLINE);
        heard.unwrap_or_else(|error| panic!("the child says nothing ({error}): {}", self.log()))
    }

    /// The next line if there is one within this time.
    #[track_caller]
    pub(crate) fn hear_within(&self, timeout: Duration) -> Option<String> {
        match self.said.recv_timeout(timeout) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the child has ended: {}", self.log()),
        }
    }

    /// SIGKILL. Once this returns, the process is gone.
    pub(crate) fn kill(&mut self) {
        // Fails if it has ended already.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }

    /// SIGSTOP: as in a long pause of the machine.
    #[track_caller]
    pub(crate) fn stop_the_world(&self) {
        signals::stop(&self.process);
    }

    /// SIGCONT.
    #[track_caller]
    pub(crate) fn resume(&self) {
        signals::resume(&self.process);
    }

    /// Waits until the role has ended by itself, successfully if none of its assertions has failed.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until("the child ends", || {
            status = self.process.try_wait().expect("a child of this process");
            status.is_some()
        });
        status.expect("it has ended")
    }

    /// All that it has printed, but what the role has said.
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

/// The process that plays a role has one that has started it.
pub(crate) struct Parent {
    said: Receiver<String>,
}

/// First in each role. `None` if this is not a child, but a run of all tests that are ignored.
pub(crate) fn role() -> Option<Parent> {
    env::var_os(VARIABLE)?;
    let (sender, said) = channel();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            let _heard = sender.send(line);
        }
        // The parent has ended: nobody else would end this process.
        process::exit(1);
    });
    let parent = Parent { said };
    parent.say(STARTED);
    Some(parent)
}

impl Parent {
    /// A line that the parent hears.
    #[track_caller]
    pub(crate) fn say(&self, line: &str) {
        say(line);
    }

    /// The next line that the parent says. Blocks the thread.
    #[track_caller]
    pub(crate) fn hear(&self) -> String {
        self.said
            .recv_timeout(DEADLINE)
            .expect("the parent says something")
    }
}

/// A line that the parent of this process hears, from wherever it is said.
#[track_caller]
pub(crate) fn say(line: &str) {
    // The test binary begins lines of its own and does not end them.
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "\n{SAID}{line}")
        .and_then(|()| stdout.flush())
        .expect("a parent that listens");
}

/// What is said to the one, all else to the other.
fn sort(stream: impl Read + Send + 'static, said: Sender<String>, log: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            match line.strip_prefix(SAID) {
                // Nobody may listen any more.
                Some(line) => drop(said.send(line.to_owned())),
                None => *log.lock().unwrap_or_else(PoisonError::into_inner) += &(line + "\n"),
            }
        }
    });
}
