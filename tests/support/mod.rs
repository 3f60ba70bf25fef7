//! Runs an example as its user does: a separate process, tested only through its contract.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The limit of every wait. Generous: only a failure takes that long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Attempts to start a site whose Redis does not respond in time.
const STARTS: usize = 10;

/// All environment variables that the examples read.
const VARIABLES: [&str; 24] = [
    "AUDIT_LOG",
    "ALLOW_SANDBOX",
    "LISTEN",
    "PUBLIC_URL",
    "WEIKA_APP_KEY",
    "WEIKA_APP_SECRET",
    "WEIKA_BASE_URL",
    "WEIKA_MEMBER_APP_KEY",
    "WEIKA_MEMBER_APP_SECRET",
    "WEIKA_MEMBER_OCODE",
    "WEIKA_MEMBER_BASE_URL",
    "WECHAT_APPID",
    "WECHAT_SECRET",
    "WECHAT_API_BASE_URL",
    "WECHAT_AUTHORIZE_URL",
    "BINDING_BASE_URL",
    "BINDING_APPID",
    "KESION_BASE_URL",
    "KESION_APPTOKEN",
    "SESSION_DB",
    "SESSION_SECRET",
    "SANDBOX_LISTEN",
    "REDIS_URL",
    "RUST_LOG",
];

/// A running site. Stops when it is dropped.
pub(crate) struct Site {
    pub(crate) child: Child,
    /// The URL on which it listens: `http://127.0.0.1:…`.
    pub(crate) url: String,
    /// The URL of its sandbox, if it has one.
    pub(crate) sandbox: Option<String>,
    /// The lines of its standard output; disconnects when the process exits.
    pub(crate) stdout: Receiver<String>,
    /// Its standard error so far.
    pub(crate) stderr: Arc<Mutex<String>>,
}

impl Site {
    /// Starts the site with these variables, and `LISTEN` on a free port unless it is among them.
    #[track_caller]
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let value_of = |wanted: &str| {
            variables
                .iter()
                .rfind(|(name, _)| *name == wanted)
                .map(|(_, value)| *value)
        };
        let is_set = |name: &str| value_of(name).is_some_and(|value| !value.is_empty());
        let is_real = ["WEIKA_APP_KEY", "WEIKA_MEMBER_APP_KEY", "KESION_BASE_URL"]
            .into_iter()
            .all(is_set);
        let has_sandbox = !(is_real && (is_set("BINDING_BASE_URL") || is_set("WECHAT_APPID")));
        Self::run(&mut command("login", variables), has_sandbox)
    }

    /// Starts a site that prints where it listens. On a busy machine, Redis may not respond within
    /// the second for which start-up waits: then it is started again, as an orchestrator does.
    #[track_caller]
    pub(crate) fn run(command: &mut Command, has_sandbox: bool) -> Self {
        let mut log = String::new();
        for _ in 0..STARTS {
            match Self::try_run(command, has_sandbox) {
                Ok(site) => return site,
                Err(printed) => log = printed,
            }
            if !log.contains("redis: no connection in time") {
                break;
            }
        }
        panic!("the site does not print where it listens; its log: {log}");
    }

    /// Starts it once. Returns its log if it does not print where it listens.
    #[track_caller]
    fn try_run(command: &mut Command, has_sandbox: bool) -> Result<Self, String> {
        let mut child = command.spawn().expect("the example can be started");
        let stderr = collect(child.stderr.take().expect("piped"));
        let stdout = lines(child.stdout.take().expect("piped"));
        let mut site = Self {
            child,
            url: String::new(),
            sandbox: None,
            stdout,
            stderr,
        };
        let Some(url) = site.announced("listening on ") else {
            return Err(site.kill());
        };
        site.url = url;
        if has_sandbox {
            site.sandbox = site.announced("sandbox on ");
            if site.sandbox.is_none() {
                return Err(site.kill());
            }
        }
        Ok(site)
    }

    fn announced(&self, what: &str) -> Option<String> {
        let line = self.stdout.recv_timeout(DEADLINE).ok()?;
        line.strip_prefix(what).map(str::to_owned)
    }

    /// Kills the site if it runs, and returns its complete log.
    pub(crate) fn kill(&mut self) -> String {
        self.end();
        // The thread that reads the log drops its reference at the end of the log.
        while Arc::strong_count(&self.stderr) > 1 {
            std::thread::yield_now();
        }
        let log = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        log.clone()
    }

    fn end(&mut self) {
        // Fails if the process has exited already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Not the log: a Redis that the site has started may keep it open.
        self.end();
    }
}

/// The command for an example with these variables, and no other variable that it reads.
#[track_caller]
pub(crate) fn command(example: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary(example));
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
        .env("LISTEN", "127.0.0.1:0")
        .envs(variables.iter().copied());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The path `target/<profile>/examples/<example>`, in the same profile as this test.
#[track_caller]
fn binary(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    let binary = profile
        .join("examples")
        .join(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.is_file(),
        "{} is missing. With `cargo test --test`, run `cargo build --examples` first",
        binary.display(),
    );
    binary
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn collect(mut stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let collected = Arc::new(Mutex::new(String::new()));
    let shared = Arc::clone(&collected);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            shared
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(&text);
        }
    });
    collected
}
