use std::time::Duration;

use proptest::prelude::*;

use super::timestamp::millis;
use super::{Clock, ManualClock, Timestamp};
#[cfg(feature = "tracing")]
use crate::trace;

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
    let manual = ManualClock::new(start);
    manual.set(Timestamp::from_unix_seconds(5));
    assert_eq!(
        (manual.clock().now(), manual.clock().wall().unix_seconds()),
        (start, 5)
    );
    manual.advance(Duration::from_secs(60));
    assert_eq!(manual.clock().now(), start.plus(Duration::from_secs(60)));
    assert_eq!(manual.clock().wall().unix_seconds(), 65);
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
        let manual = ManualClock::new(start);
        manual.set(to);
        for _ in 0..3 {
            let _ = manual.clock().wall();
        }
        assert_eq!(
            captured.text().matches("the system time was set").count(),
            expected,
            "{}",
            captured.text()
        );
        manual.set(start);
        let _ = manual.clock().wall();
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
        let (manual, mut passed) = (ManualClock::new(start), Duration::ZERO);
        for (is_set, millis) in steps {
            if is_set {
                manual.set(Timestamp::from_unix_millis(millis));
                prop_assert_eq!(manual.clock().wall().unix_millis(), millis);
            } else {
                manual.advance(Duration::from_millis(millis));
                passed += Duration::from_millis(millis);
            }
            prop_assert_eq!(manual.clock().now(), start.plus(passed));
        }
    }
}
