//! A site: two instances over one store, and what has happened to its users.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use harness::pick;
use harness::process::Process;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tower_weika_sandbox::{Browser, Sandbox, Visit};

use crate::instance::ORIGIN;
use crate::stores::Store;

/// A request that takes longer is a failure. Longer than an exchange may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Between two attempts of a user.
const PAUSE: Duration = Duration::from_millis(100);

/// Problems that are printed.
const PRINTED: usize = 20;

#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) logins: u64,
    pub(crate) pages: u64,
    pub(crate) logouts: u64,
    /// Requests of floods.
    pub(crate) flood: u64,
    /// Requests whose connection broke, or was refused, with an instance.
    pub(crate) broken: u64,
    /// Responses 503 while Redis was restarted.
    pub(crate) unavailable: u64,
    pub(crate) instance_restarts: u64,
    pub(crate) store_restarts: u64,
    /// The longest time until the other instance saw a logout.
    pub(crate) slowest_logout: Duration,
    /// Wrong pages, lost sessions, errors without a restart.
    pub(crate) problems: u64,
}

/// Durations of two requests at the first instance, in microseconds.
pub(crate) struct Latency {
    pub(crate) guarded: f64,
    pub(crate) baseline: f64,
}

pub(crate) struct Site {
    /// Of the store.
    pub(crate) name: &'static str,
    /// `None` while it is restarted.
    pub(crate) store: RefCell<Option<Store>>,
    /// Arguments of an instance.
    arguments: Vec<String>,
    /// The base URL of the upstream system.
    pub(crate) upstream: String,
    /// Never restarted.
    pub(crate) first: Process,
    /// `None` while it is restarted.
    pub(crate) second: Cell<Option<Process>>,
    second_address: Cell<SocketAddr>,
    pub(crate) is_store_disturbed: Cell<bool>,
    pub(crate) counts: RefCell<Counts>,
    pub(crate) latencies: RefCell<Vec<Latency>>,
    session_cookie: OnceCell<String>,
}

impl Site {
    pub(crate) fn start(store: Store, sandbox: &Sandbox) -> Self {
        let mut arguments = vec!["site".to_owned()];
        arguments.extend(store.arguments());
        arguments.extend([
            sandbox.base_url(),
            sandbox.app_key().to_owned(),
            sandbox.app_secret().to_owned(),
        ]);
        let first = start_instance(&arguments);
        let second = start_instance(&arguments);
        Self {
            name: store.name(),
            second_address: Cell::new(second.address),
            store: RefCell::new(Some(store)),
            arguments,
            upstream: sandbox.base_url(),
            first,
            second: Cell::new(Some(second)),
            is_store_disturbed: Cell::default(),
            counts: RefCell::default(),
            latencies: RefCell::default(),
            session_cookie: OnceCell::new(),
        }
    }

    /// Starts the second instance again.
    pub(crate) async fn start_second(&self) {
        let arguments = self.arguments.clone();
        // The users go on meanwhile.
        let process = spawn_blocking(move || start_instance(&arguments)).await;
        let process = process.expect("the instance starts");
        self.second_address.set(process.address);
        self.second.set(Some(process));
    }

    pub(crate) fn any_instance(&self, random: &mut u64) -> SocketAddr {
        [self.first.address, self.second_address.get()][pick(random, 2)]
    }

    /// Returns the browser with its requests to this instance.
    pub(crate) fn at(&self, browser: &Browser, instance: SocketAddr) -> Browser {
        browser.clone().route(ORIGIN, instance)
    }

    /// The name of the session cookie, once a user has logged in.
    pub(crate) fn session_cookie(&self) -> &str {
        self.session_cookie.get().map_or("unknown", |name| name)
    }

    pub(crate) fn learn_session_cookie(&self, browser: &Browser) {
        self.session_cookie.get_or_init(|| {
            let cookies = browser.cookies();
            let session = cookies.into_iter().find(|it| it.name.ends_with("-session"));
            session.expect("the cookie of a user").name
        });
    }

    /// Sends a request to any instance, and again as a user would: if the connection breaks with
    /// the instance, and on `503` while Redis is restarted. Returns whether that happened.
    pub(crate) async fn send(
        &self,
        random: &mut u64,
        browser: &Browser,
        request: impl AsyncFn(Browser) -> io::Result<Visit>,
    ) -> Result<(Visit, bool), String> {
        let start = Instant::now();
        let mut was_repeated = false;
        loop {
            let instance = self.any_instance(random);
            let was_disturbed = self.is_store_disturbed.get();
            let response = timeout(DEADLINE, request(self.at(browser, instance))).await;
            let is_first = instance == self.first.address;
            match response {
                Err(_elapsed) => return Err("no response within the deadline".to_owned()),
                Ok(Ok(page)) if page.status() != 503 => return Ok((page, was_repeated)),
                Ok(Ok(_)) if was_disturbed || self.is_store_disturbed.get() => {
                    self.counts.borrow_mut().unavailable += 1;
                }
                Ok(Err(_)) if !is_first => self.counts.borrow_mut().broken += 1,
                Ok(Ok(page)) => return Err(format!("503 although Redis runs: {page:?}")),
                Ok(Err(error)) => return Err(format!("the first instance: {error}")),
            }
            if start.elapsed() > DEADLINE {
                return Err("not available within the deadline".to_owned());
            }
            was_repeated = true;
            sleep(PAUSE).await;
        }
    }

    pub(crate) fn fails(&self, problem: &str) {
        let mut counts = self.counts.borrow_mut();
        counts.problems += 1;
        if counts.problems <= PRINTED as u64 {
            eprintln!("{}: {problem}", self.name);
        }
    }
}

fn start_instance(arguments: &[String]) -> Process {
    let program = std::env::current_exe().expect("the path of this program");
    Process::start(Command::new(program).args(arguments))
}
