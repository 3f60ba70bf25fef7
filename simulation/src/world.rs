//! The world of a run: network, store, upstream systems, and what is known about them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::invariants::Facts;
use crate::login::{Login, PerLogin};
use crate::network::Network;
use crate::random::Random;
use crate::scenario::Scenario;
use crate::store::Server;
use crate::trace::Trace;
use crate::upstream::{Codes, Members, Weika};

/// Time at the start of a run, in milliseconds since the Unix epoch.
pub(crate) const EPOCH: u64 = 1_760_000_000_000;

pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) random: Random,
    pub(crate) network: Network,
    pub(crate) server: Mutex<Server>,
    codes: PerLogin<Mutex<Codes>>,
    pub(crate) weika: Mutex<Weika>,
    pub(crate) members: Mutex<Members>,
    pub(crate) facts: Mutex<Facts>,
    pub(crate) trace: Mutex<Trace>,
    started: Instant,
    is_disturbed: AtomicBool,
    violation: Mutex<Option<String>>,
    violated: Notify,
}

impl World {
    pub(crate) fn new(scenario: Scenario, random: Random) -> Self {
        Self {
            scenario,
            random,
            network: Network::default(),
            server: Mutex::new(Server::new(EPOCH)),
            codes: Default::default(),
            weika: Mutex::default(),
            members: Mutex::default(),
            facts: Mutex::default(),
            trace: Mutex::default(),
            started: Instant::now(),
            is_disturbed: AtomicBool::new(true),
            violation: Mutex::new(None),
            violated: Notify::new(),
        }
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        EPOCH + self.passed()
    }

    fn passed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).expect("a short run")
    }

    /// Returns the instant at this time.
    pub(crate) fn instant(&self, at: u64) -> Instant {
        self.started + std::time::Duration::from_millis(at.saturating_sub(EPOCH))
    }

    /// The codes that the upstream system of a login has issued.
    pub(crate) fn codes(&self, login: Login) -> MutexGuard<'_, Codes> {
        self.codes[login.index()].lock()
    }

    /// Whether messages are lost and systems fail.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.is_disturbed.load(Ordering::Relaxed)
    }

    pub(crate) fn calm_down(&self) {
        self.is_disturbed.store(false, Ordering::Relaxed);
        self.network.heal();
    }

    pub(crate) fn note(&self, line: fmt::Arguments<'_>) {
        self.trace.lock().push(self.passed(), line);
    }

    /// Records that an invariant is violated, and ends the run.
    pub(crate) fn violate(&self, invariant: fmt::Arguments<'_>) {
        self.note(format_args!("VIOLATION {invariant}"));
        let text = format!("after {} ms: {invariant}", self.passed());
        self.violation.lock().get_or_insert(text);
        self.violated.notify_one();
    }

    pub(crate) async fn violated(&self) {
        self.violated.notified().await;
    }

    pub(crate) fn violation(&self) -> Option<String> {
        self.violation.lock().clone()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
