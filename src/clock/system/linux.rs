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
/// variant of it, and it costs ten times as much. So it is read only once a second.
#[inline]
pub(in crate::clock) fn timeline() -> u64 {
    let monotonic = millis(clock_gettime(ClockId::MonotonicCoarse));
    if monotonic >= NEXT.load(Ordering::Acquire) {
        compare(monotonic);
    }
    monotonic.wrapping_add(OFFSET.load(Ordering::Relaxed))
}

pub(in crate::clock) fn wall() -> u64 {
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
    // A pause between the two readings makes the difference too small, never too large.
    OFFSET.fetch_max(
        u64::try_from(boot + suspended).unwrap_or(0),
        Ordering::Relaxed,
    );
    NEXT.store(monotonic + INTERVAL, Ordering::Release);
}

/// Some sandboxes do not have this clock; a suspension is not noticed there.
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
