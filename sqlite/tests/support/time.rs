//! Real time: deadlines of processes, and measurements.

use std::thread;
use std::time::{Duration, Instant};

/// The limit of every wait. Generous: only a failure takes that long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "processes run in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = now();
    while !is_so() {
        assert!(
            start.elapsed() < DEADLINE,
            "waited for {DEADLINE:?} until {what}"
        );
        thread::sleep(Duration::from_millis(2));
    }
}
