//! Real Redis servers: each is a separate process with a loopback port and a folder.
//!
//! Needs `redis-server` (or `valkey-server`). A target that includes this module includes
//! `programs` beside it, and expects dead code if it does not need all of this module.

mod resp;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) use resp::{Connection, Value};

use crate::programs::find_programs;

/// The limit of every wait. Generous: only a failure takes that long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A running Redis. The process and its folder are removed when it is dropped, so do not keep it in
/// a static, which is never dropped.
pub(crate) struct Redis {
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    password: Option<String>,
    /// `None` while it is killed.
    pub(crate) process: Option<Child>,
}

/// Options in which a Redis differs from the default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options<'a> {
    /// More arguments of `redis-server`, such as `["--maxmemory", "2mb"]`. They override the
    /// defaults.
    pub(crate) arguments: &'a [&'a str],
    /// The password of the default user. Letters and digits, so that a URL or file needs no
    /// escaping.
    pub(crate) password: Option<&'a str>,
    /// Whether it also listens on a Unix socket, see [`Redis::socket`].
    pub(crate) has_socket: bool,
}

impl Redis {
    /// An empty Redis that keeps all acknowledged writes, even if it is killed.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::start_with(&Options::default())
    }

    #[track_caller]
    pub(crate) fn start_with(options: &Options<'_>) -> Self {
        let mut settings = "save \"\"\nappendonly yes\nappendfsync always\n".to_owned();
        if let Some(password) = options.password {
            assert!(
                password.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "letters and digits: {password:?}"
            );
            settings += &format!("requirepass {password}\nmasterauth {password}\n");
        }
        if options.has_socket {
            settings += "unixsocket redis.sock\n";
        }
        Self::launch(&settings, options.arguments, options.password)
    }

    /// A server of any kind, from the lines of its configuration file.
    #[track_caller]
    pub(crate) fn launch(settings: &str, arguments: &[&str], password: Option<&str>) -> Self {
        let mut log = String::new();
        // Another process may take a port after it was found free.
        for _ in 0..10 {
            let mut redis = Self {
                port: free_port(),
                folder: new_folder(),
                arguments: arguments.iter().copied().map(str::to_owned).collect(),
                password: password.map(str::to_owned),
                process: None,
            };
            let settings = format!("port {}\nbind 127.0.0.1\n{settings}", redis.port);
            fs::write(redis.folder.join("redis.conf"), settings)
                .expect("a folder for temporary files");
            match redis.run() {
                Ok(()) => return redis,
                Err(said) => log = said,
            }
        }
        panic!("redis-server {arguments:?} does not start: {log}");
    }

    /// The URL for a client: `redis://127.0.0.1:…`, with the password if it has one.
    pub(crate) fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same with another port, for instance that of a proxy.
    pub(crate) fn url_at(&self, port: u16) -> String {
        let password = self
            .password
            .as_ref()
            .map(|password| format!(":{password}@"))
            .unwrap_or_default();
        format!("redis://{password}127.0.0.1:{port}")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The path of its Unix socket, if the option was set.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("redis.sock")
    }

    /// Its folder: configuration, log and data.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sends SIGKILL. Once this returns, no process listens on the port.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Fails if the process has exited already.
            let _ended = process.kill();
            let _reaped = process.wait();
        }
    }

    /// Kills it if it runs, starts it again on the same port with its data, and waits until it
    /// responds.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.kill();
        let start = now();
        // Another process may hold the port for a short time.
        while let Err(log) = self.run() {
            assert!(
                start.elapsed() < DEADLINE,
                "redis-server does not start again: {log}"
            );
        }
    }

    /// Sends one command on a new connection.
    #[track_caller]
    pub(crate) fn command(&self, command: &[&str]) -> Value {
        let answer = self
            .connect()
            .and_then(|mut connection| connection.call(command));
        answer.unwrap_or_else(|error| panic!("{command:?}: {error}; the log: {}", self.log()))
    }

    /// All keys, sorted.
    #[track_caller]
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys = BTreeSet::new();
        let mut cursor = "0".to_owned();
        loop {
            match self.command(&["SCAN", &cursor, "COUNT", "1000"]) {
                Value::Array(answer) => match &answer[..] {
                    [next, Value::Array(found)] => {
                        keys.extend(found.iter().map(Value::text));
                        cursor = next.text();
                    }
                    _ => panic!("SCAN: {answer:?}"),
                },
                other => panic!("SCAN: {other:?}"),
            }
            if cursor == "0" {
                return keys.into_iter().collect();
            }
        }
    }

    /// A new connection, authenticated if there is a password.
    pub(crate) fn connect(&self) -> io::Result<Connection> {
        Connection::open(self.address(), self.password.as_deref())
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        fs::read(self.folder.join("log"))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// Starts the process and waits until it responds. Returns its log if it exits instead.
    #[track_caller]
    fn run(&mut self) -> Result<(), String> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"));
        let log = log.expect("a folder for temporary files");
        let mut command = Command::new(program());
        command
            .arg("redis.conf")
            .args(&self.arguments)
            .current_dir(&self.folder);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log);
        self.process = Some(command.spawn().expect("redis-server can be started"));

        let mut has_ended = false;
        until(
            &format!("redis-server {:?} answers", self.arguments),
            || {
                has_ended = self
                    .process
                    .as_mut()
                    .is_none_or(|process| !matches!(process.try_wait(), Ok(None)));
                has_ended || self.answers().unwrap_or(false)
            },
        );
        if has_ended { Err(self.log()) } else { Ok(()) }
    }

    /// Whether this very process responds, and has loaded its data.
    fn answers(&self) -> io::Result<bool> {
        let mut connection = self.connect()?;
        // Another process that holds the port may never respond.
        connection.set_timeout(Some(Duration::from_secs(1)))?;
        let is_ready = connection.call(&["PING"])? == Value::from("PONG");
        let about = connection.call(&["INFO", "server"])?.text();
        let id = about
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        Ok(is_ready && id.and_then(|id| id.parse().ok()) == self.process.as_ref().map(Child::id))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

/// Polls until something is true. Fails after [`DEADLINE`].
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = now();
    while !is_so() {
        assert!(
            start.elapsed() < DEADLINE,
            "waited for {DEADLINE:?} until {what}"
        );
        sleep(Duration::from_millis(5));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a deadline of a test, in real time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A port on which no process listens. Below the ephemeral ports: an outgoing connection could take
/// the port of a server that is down for a short time, or even connect to itself there.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = 12_000 + u16::try_from(random() % 10_000).expect("small");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Creates a folder with a short path, as the path of a Unix socket must be short.
fn new_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("weika-redis-{:016x}", random()));
    fs::create_dir(&folder).expect("a folder for temporary files");
    folder
}

fn random() -> u64 {
    // Has different keys each time.
    RandomState::new().hash_one(std::process::id())
}

#[track_caller]
fn program() -> PathBuf {
    let [program] = find_programs([&["redis-server", "valkey-server"]], &["redis-server"]);
    program
}
