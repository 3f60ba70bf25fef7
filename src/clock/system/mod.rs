//! Clocks of the operating system, in milliseconds since the Unix epoch.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the time"
)]
mod other;

#[cfg(target_os = "linux")]
pub(super) use self::linux::{timeline, wall};
#[cfg(not(target_os = "linux"))]
pub(super) use self::other::{timeline, wall};
