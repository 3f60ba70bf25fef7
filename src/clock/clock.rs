use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::manual::Times;
use super::{Timestamp, system};
use crate::trace;

/// Difference between the timeline and the wall clock from which on it is logged.
const REPORTED_STEP: Duration = Duration::from_secs(10 * 60);

/// Source of the time: the system, or a [`ManualClock`](super::ManualClock).
#[derive(Clone)]
pub struct Clock(pub(super) Source);

#[derive(Clone)]
pub(super) enum Source {
    System,
    Manual(Arc<Times>),
}

impl Clock {
    /// Returns the clock of the system. All system clocks of a process share one timeline.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Returns the current time on the timeline of this process, for deadlines. It never goes back.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::from_unix_millis(system::timeline()),
            Source::Manual(manual) => manual.timeline(),
        }
    }

    /// Returns the time of the wall clock, which can be set forward and back. For values that another process has to
    /// judge without knowing this one, and for display; a deadline within this process belongs to [`now`](Self::now).
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        static REPORTED: AtomicBool = AtomicBool::new(false);

        let (wall, reported) = match &self.0 {
            Source::System => (Timestamp::from_unix_millis(system::wall()), &REPORTED),
            Source::Manual(manual) => (manual.wall(), &manual.is_step_reported),
        };
        report_step(self.now(), wall, reported);
        wall
    }
}

/// Logs once that the wall clock was set, and once that it agrees with the timeline again. `reported` is whether the
/// log contains the difference.
fn report_step(now: Timestamp, wall: Timestamp, reported: &AtomicBool) {
    let (ahead, behind) = (wall.since(now), now.since(wall));
    let is_step = ahead.max(behind) >= REPORTED_STEP;
    if is_step == reported.load(Ordering::Relaxed)
        || reported.swap(is_step, Ordering::Relaxed) == is_step
    {
        return;
    }
    if is_step {
        trace::warn!(
            ahead_seconds = %ahead.as_secs(),
            behind_seconds = %behind.as_secs(),
            "clock: the system time was set since this process started, or the machine was paused; sessions and tokens \
             keep the time of the start. Restart the process if that time was wrong"
        );
    } else {
        trace::info!("clock: the system time agrees with the start of this process again");
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock::System",
            Source::Manual(_) => "Clock::Manual",
        })
    }
}
