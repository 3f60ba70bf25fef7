//! The monotonic clock; the only module that reads it.

use std::time::Instant;

/// The threads wait for the disk and for other processes, which a clock that is set in tests does
/// not change.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
