use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::Clock;
use super::Timestamp;
use super::clock::Source;
use super::timestamp::millis;

/// Clock that stands still until a test moves it.
///
/// ```
/// use std::time::Duration;
/// use tower_weika::clock::{ManualClock, Timestamp};
///
/// let manual = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
/// let clock = manual.clock();
/// manual.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().unix_seconds(), 1_700_000_060);
/// // The system time is set: only the wall clock follows.
/// manual.set(Timestamp::from_unix_seconds(1_600_000_000));
/// assert_eq!(clock.now().unix_seconds(), 1_700_000_060);
/// assert_eq!(clock.wall().unix_seconds(), 1_600_000_000);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Times>);

/// Times of a manual clock, in milliseconds since the Unix epoch.
#[derive(Debug)]
pub(super) struct Times {
    timeline: AtomicU64,
    wall: AtomicU64,
    pub(super) is_step_reported: AtomicBool,
    #[cfg(simulation)]
    started: tokio::time::Instant,
}

impl Times {
    #[inline]
    pub(super) fn timeline(&self) -> Timestamp {
        self.moved(Timestamp::from_unix_millis(
            self.timeline.load(Ordering::Acquire),
        ))
    }

    pub(super) fn wall(&self) -> Timestamp {
        self.moved(Timestamp::from_unix_millis(
            self.wall.load(Ordering::Acquire),
        ))
    }

    #[cfg(not(simulation))]
    #[inline]
    fn moved(&self, time: Timestamp) -> Timestamp {
        time
    }

    /// In the simulation, a manual clock also follows the paused time of the runtime.
    #[cfg(simulation)]
    fn moved(&self, time: Timestamp) -> Timestamp {
        time.plus(self.started.elapsed())
    }
}

impl ManualClock {
    /// Creates a clock whose timeline and wall clock show `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let [timeline, wall] = [start.unix_millis(); 2].map(AtomicU64::new);
        Self(Arc::new(Times {
            timeline,
            wall,
            is_step_reported: AtomicBool::new(false),
            #[cfg(simulation)]
            started: tokio::time::Instant::now(),
        }))
    }

    /// Returns the [`Clock`] for the code under test. It follows this one.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(Arc::clone(&self.0)))
    }

    /// Lets time pass: moves the timeline and the wall clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.timeline.fetch_add(millis(by), Ordering::AcqRel);
        self.0.wall.fetch_add(millis(by), Ordering::AcqRel);
    }

    /// Sets the wall clock, forward or back, as an administrator sets the system time. The timeline
    /// does not move: use [`advance`](Self::advance) to let time pass.
    pub fn set(&self, to: Timestamp) {
        #[cfg(simulation)]
        let to = to.minus(self.0.started.elapsed());
        self.0.wall.store(to.unix_millis(), Ordering::Release);
    }
}
