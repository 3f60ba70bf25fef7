//! Exponential back-off after failed fetches.

use std::error::Error as _;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::random;

/// The first pause, and the shortest time between two fetches.
pub(super) const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause.
pub(super) const LONGEST: Duration = Duration::from_secs(30);
/// Random part by which a pause is lengthened.
const JITTER: f64 = 0.2;

/// Consecutive failures, and the end of the pause after the last one.
pub(super) struct BackOff {
    failures: u32,
    until: Timestamp,
    error: Error,
}

impl BackOff {
    /// Creates the back-off after a failure at `now` that follows `previous`.
    pub(super) fn after(previous: Option<&Self>, error: Error, now: Timestamp) -> Self {
        let former = previous.map_or(0, |previous| previous.failures);
        // If only the coordinator failed, the upstream system got no request, and the coordinator may be back soon.
        let was_requested = !is_coordinator_failure(&error);
        let failures = former.saturating_add(u32::from(was_requested));
        let counted = if was_requested { failures } else { 1 };
        let pause = pause(error.kind(), counted, random::fraction());
        Self {
            failures,
            until: now.plus(pause),
            error,
        }
    }

    pub(super) fn error(&self) -> &Error {
        &self.error
    }

    pub(super) fn until(&self) -> Timestamp {
        self.until
    }

    /// Returns whether the pause lasts. It is measured on the timeline of the process, so a change of the system time
    /// does not prolong it.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

fn is_coordinator_failure(error: &Error) -> bool {
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<Error>());
    cause.is_some_and(|cause| cause.kind() == ErrorKind::Store)
}

fn pause(kind: ErrorKind, failures: u32, fraction: f64) -> Duration {
    if kind == ErrorKind::Configuration {
        return LONGEST;
    }
    let doublings = failures.saturating_sub(1).min(5);
    (SHORTEST * (1 << doublings))
        .mul_f64(1.0 + JITTER * fraction)
        .min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_one_to_thirty_seconds() {
        let seconds: Vec<u64> = (1..=8)
            .map(|failures| pause(ErrorKind::Fault, failures, 0.0).as_secs())
            .collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(pause(ErrorKind::Fault, u32::MAX, 0.999), LONGEST);
        assert_eq!(
            pause(ErrorKind::Fault, 1, 0.5),
            Duration::from_millis(1_100)
        );
    }

    #[test]
    fn a_configuration_error_waits_longest_at_once() {
        assert_eq!(pause(ErrorKind::Configuration, 1, 0.0), LONGEST);
    }

    #[test]
    fn coordinator_failures_do_not_lengthen_the_pause() {
        let (now, fault) = (Timestamp::from_unix_seconds(1_000_000), || {
            Error::new(ErrorKind::Fault, "x")
        });
        let unreachable = || {
            Error::new(ErrorKind::Unresponsive, "x").with_source(Error::new(ErrorKind::Store, "y"))
        };
        let mut back_off = BackOff::after(None, fault(), now);
        for _ in 0..9 {
            back_off = BackOff::after(Some(&back_off), unreachable(), now);
            assert!(back_off.until() <= now.plus(SHORTEST.mul_f64(1.0 + JITTER)));
        }
        let back_off = BackOff::after(Some(&back_off), fault(), now);
        assert!(
            back_off.until() >= now.plus(2 * SHORTEST),
            "the second failure of the upstream system"
        );
        let unresponsive = BackOff::after(
            Some(&back_off),
            Error::new(ErrorKind::Unresponsive, "x"),
            now,
        );
        assert!(unresponsive.until() >= now.plus(4 * SHORTEST));
    }

    #[test]
    fn pause_ends_at_its_deadline() {
        let failed = Timestamp::from_unix_seconds(1_000_000);
        let back_off = BackOff::after(None, Error::new(ErrorKind::Configuration, "x"), failed);
        assert!(back_off.holds(failed.plus(Duration::from_secs(29))));
        assert!(!back_off.holds(failed.plus(LONGEST)));
    }
}
