//! Clock of the process: a timeline for deadlines, which a change of the system time does not move, and the wall clock.
//!
//! Sessions, access tokens and cached answers expire by [`Clock::now`]. [`Clock::wall`] dates a login state, which
//! another instance, or the same one after a restart, has to judge. Tests move a [`ManualClock`] instead of sleeping.
//!
//! # Behavior
//! 1. The timeline begins at the time of the wall clock when the process first reads a clock. From then on it advances
//!    with the monotonic clock of the system and never goes back.
//! 2. A change of the system time (by an administrator, `settimeofday` or a step of NTP) moves the wall clock only. It
//!    neither expires a session nor revives one. It neither prolongs the life of an access token nor causes fetches.
//! 3. The [`Timestamp`]s of a [`Session`](crate::session::Session) are on the timeline, also where a store writes them
//!    for other instances. Instances whose clocks were synchronized when they started therefore agree. `RedisStore`
//!    ignores a session whose login lies more than 10 minutes in the future, and logs a warning.
//! 4. If the two clocks differ by 10 minutes or more when a login begins or returns, a warning is logged once. If the
//!    time was wrong at the start, restart the process: until then this instance disagrees with the others.
//!
//! # Suspended machines
//! On Linux, the timeline includes the time for which the machine was suspended (`CLOCK_BOOTTIME`); it notices the
//! suspension at most one second after the machine resumes. On Windows, the monotonic clock itself includes it. On
//! macOS it does not, so sessions live longer by the time for which the machine slept. A hypervisor that pauses a
//! virtual machine stops all monotonic clocks of the guest; that time is not included, and rule 4 reports a pause of
//! 10 minutes or more.
//!
//! # Example
//! ```
//! use std::time::Duration;
//! use tower_weika::clock::{ManualClock, Timestamp};
//!
//! let start = Timestamp::from_unix_seconds(1_700_000_000);
//! let hand = ManualClock::new(start);
//! let clock = hand.clock();
//! let deadline = clock.now().plus(Duration::from_secs(1_800));
//!
//! // The system time is set back by an hour: the deadline stays where it is.
//! hand.set(start.minus(Duration::from_secs(3_600)));
//! assert_eq!(clock.wall(), start.minus(Duration::from_secs(3_600)));
//! hand.advance(Duration::from_secs(1_799));
//! assert!(clock.now() < deadline);
//! hand.advance(Duration::from_secs(1));
//! assert!(clock.now() >= deadline);
//! ```

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::trace;

/// Difference between the timeline and the wall clock that is reported.
const REPORTED_STEP: Duration = Duration::from_secs(10 * 60);

/// Point in time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1_000
    }

    /// This moment, `by` later. Ends at the largest representable moment instead of overflowing.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// This moment, `by` earlier. Ends at the epoch instead of overflowing.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// How long after `earlier` this moment is; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Source of the time: the system, or a [`ManualClock`].
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Manual>),
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
            Source::System => Timestamp(system::timeline()),
            Source::Manual(manual) => Timestamp(manual.timeline.load(Ordering::Acquire)),
        }
    }

    /// Returns the time of the wall clock, which can be set forward and back. For values that another process has to
    /// judge without knowing this one, and for display; a deadline within this process belongs to [`now`](Self::now).
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        static REPORTED: AtomicBool = AtomicBool::new(false);

        let (wall, reported) = match &self.0 {
            Source::System => (system::wall(), &REPORTED),
            Source::Manual(manual) => (manual.wall.load(Ordering::Acquire), &manual.reported),
        };
        let wall = Timestamp(wall);
        report_step(self.now(), wall, reported);
        wall
    }
}

/// Logs once that the wall clock was set, and once that it agrees with the timeline again.
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

/// Clock that stands still until a test moves it.
///
/// ```
/// use std::time::Duration;
/// use tower_weika::clock::{ManualClock, Timestamp};
///
/// let hand = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
/// let clock = hand.clock();
/// hand.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().unix_seconds(), 1_700_000_060);
/// // The system time is set: only the wall clock follows.
/// hand.set(Timestamp::from_unix_seconds(1_600_000_000));
/// assert_eq!(clock.now().unix_seconds(), 1_700_000_060);
/// assert_eq!(clock.wall().unix_seconds(), 1_600_000_000);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Manual>);

/// Times of a manual clock, in milliseconds since the Unix epoch.
#[derive(Debug)]
struct Manual {
    timeline: AtomicU64,
    wall: AtomicU64,
    /// The log contains the difference between the two.
    reported: AtomicBool,
}

impl ManualClock {
    /// Creates a clock whose timeline and wall clock show `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let (timeline, wall) = (AtomicU64::new(start.0), AtomicU64::new(start.0));
        Self(Arc::new(Manual {
            timeline,
            wall,
            reported: AtomicBool::new(false),
        }))
    }

    /// Returns the [`Clock`] to hand to the code under test. It follows this one.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(Arc::clone(&self.0)))
    }

    /// Lets time pass: moves the timeline and the wall clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.timeline.fetch_add(millis(by), Ordering::AcqRel);
        self.0.wall.fetch_add(millis(by), Ordering::AcqRel);
    }

    /// Sets the wall clock, forward or back, as an administrator sets the system time. The timeline does not move: use
    /// [`advance`](Self::advance) to let time pass.
    pub fn set(&self, to: Timestamp) {
        self.0.wall.store(to.0, Ordering::Release);
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::time::{ClockId, DynamicClockId, Timespec, clock_gettime, clock_gettime_dynamic};

    /// Milliseconds between two comparisons with the clock that runs while the machine is suspended.
    const INTERVAL: u64 = 1_000;

    /// Milliseconds from the monotonic clock to the timeline. It only grows, by the time of each suspension.
    static OFFSET: AtomicU64 = AtomicU64::new(0);
    /// The time of the monotonic clock from which [`OFFSET`] has to be computed again; at first it always has to be.
    static NEXT: AtomicU64 = AtomicU64::new(0);

    /// The monotonic clock does not run while the machine is suspended; `CLOCK_BOOTTIME` does, but there is no coarse
    /// one, and it costs ten times as much. So it is read once a second only.
    #[inline]
    pub(super) fn timeline() -> u64 {
        let monotonic = millis(clock_gettime(ClockId::MonotonicCoarse));
        if monotonic >= NEXT.load(Ordering::Acquire) {
            compare(monotonic);
        }
        monotonic.wrapping_add(OFFSET.load(Ordering::Relaxed))
    }

    pub(super) fn wall() -> u64 {
        millis(clock_gettime(ClockId::RealtimeCoarse))
    }

    #[cold]
    #[inline(never)]
    fn compare(monotonic: u64) {
        static BOOT: OnceLock<i64> = OnceLock::new();

        // Of several readings the largest difference has the shortest pause between its two clocks.
        let boot = *BOOT.get_or_init(|| {
            (0..3)
                .map(|_| signed(wall()) - boottime())
                .max()
                .unwrap_or_default()
        });
        let suspended = boottime() - signed(millis(clock_gettime(ClockId::Monotonic)));
        // A thread that stops between the two readings finds too small a difference, never too large a one.
        OFFSET.fetch_max(
            u64::try_from(boot + suspended).unwrap_or(0),
            Ordering::Relaxed,
        );
        NEXT.store(monotonic + INTERVAL, Ordering::Release);
    }

    /// Some sandboxes do not have this clock. There, a suspension is not noticed.
    fn boottime() -> i64 {
        let boottime = clock_gettime_dynamic(DynamicClockId::Boottime);
        signed(millis(
            boottime.unwrap_or_else(|_| clock_gettime(ClockId::Monotonic)),
        ))
    }

    fn signed(millis: u64) -> i64 {
        i64::try_from(millis).unwrap_or(i64::MAX)
    }

    /// A time before the epoch counts as the epoch.
    #[inline]
    fn millis(time: Timespec) -> u64 {
        let millis = time
            .tv_sec
            .wrapping_mul(1_000)
            .wrapping_add(time.tv_nsec / 1_000_000);
        u64::try_from(millis).unwrap_or(0)
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the time"
)]
mod system {
    use std::sync::OnceLock;
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    use super::millis;

    pub(super) fn timeline() -> u64 {
        static START: OnceLock<(Instant, u64)> = OnceLock::new();

        let (start, wall) = START.get_or_init(|| (Instant::now(), wall()));
        wall.saturating_add(millis(start.elapsed()))
    }

    pub(super) fn wall() -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, millis)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the reference to compare with")]
    fn system_timeline_and_wall_clock_agree_with_the_standard_library() {
        let (timeline, wall) = (
            Clock::system().now().unix_millis(),
            Clock::system().wall().unix_millis(),
        );
        let reference = millis(
            std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap(),
        );
        assert!(
            reference.abs_diff(timeline) < 1_000,
            "{timeline} {reference}"
        );
        assert!(reference.abs_diff(wall) < 1_000, "{wall} {reference}");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the reference to compare with")]
    fn system_timeline_never_goes_back_and_keeps_the_pace() {
        let (start, began) = (Clock::system().now(), std::time::Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut last = start;
                    // Longer than the interval at which the offset is computed.
                    while began.elapsed() < Duration::from_millis(1_300) {
                        let now = Clock::system().now();
                        assert!(now >= last, "{now:?} after {last:?}");
                        last = now;
                        std::thread::yield_now();
                    }
                });
            }
        });
        let (passed, reference) = (
            millis(Clock::system().now().since(start)),
            millis(began.elapsed()),
        );
        assert!(
            passed.abs_diff(reference) < 200,
            "{passed} ms instead of {reference} ms"
        );
    }

    #[test]
    fn manual_clock_that_is_set_keeps_its_timeline() {
        let start = Timestamp::from_unix_seconds(1_000_000);
        let hand = ManualClock::new(start);
        hand.set(Timestamp::from_unix_seconds(5));
        assert_eq!(
            (hand.clock().now(), hand.clock().wall().unix_seconds()),
            (start, 5)
        );
        hand.advance(Duration::from_secs(60));
        assert_eq!(hand.clock().now(), start.plus(Duration::from_secs(60)));
        assert_eq!(hand.clock().wall().unix_seconds(), 65);
    }

    #[cfg(feature = "tracing")]
    #[test]
    fn step_of_the_wall_clock_is_logged_once() {
        let start = Timestamp::from_unix_seconds(1_000_000);
        for (to, expected) in [
            (start.plus(Duration::from_secs(599)), 0),
            (start.minus(Duration::from_secs(599)), 0),
            (start.plus(Duration::from_secs(600)), 1),
            (start.minus(Duration::from_secs(600)), 1),
        ] {
            let captured = trace::tests::Captured::new();
            let hand = ManualClock::new(start);
            hand.set(to);
            for _ in 0..3 {
                let _ = hand.clock().wall();
            }
            assert_eq!(
                captured.text().matches("the system time was set").count(),
                expected,
                "{}",
                captured.text()
            );
            hand.set(start);
            let _ = hand.clock().wall();
            assert_eq!(
                captured.text().matches("agrees with the start").count(),
                expected,
                "{}",
                captured.text()
            );
        }
    }

    proptest! {
        #[test]
        fn only_time_that_passes_moves_the_timeline(
            steps in prop::collection::vec((any::<bool>(), 0_u64..1 << 40), 0..50),
        ) {
            let start = Timestamp::from_unix_seconds(1_700_000_000);
            let (hand, mut passed) = (ManualClock::new(start), Duration::ZERO);
            for (is_set, millis) in steps {
                if is_set {
                    hand.set(Timestamp::from_unix_millis(millis));
                    prop_assert_eq!(hand.clock().wall().unix_millis(), millis);
                } else {
                    hand.advance(Duration::from_millis(millis));
                    passed += Duration::from_millis(millis);
                }
                prop_assert_eq!(hand.clock().now(), start.plus(passed));
            }
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_unix_millis(u64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(Timestamp::from_unix_seconds(u64::MAX), end);
        assert_eq!(
            Timestamp::from_unix_millis(5)
                .minus(Duration::MAX)
                .unix_millis(),
            0
        );
        assert_eq!(Timestamp::from_unix_millis(5).since(end), Duration::ZERO);
    }
}
