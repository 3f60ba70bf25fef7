//! Idle and absolute timeout of a session.

use std::time::Duration;

/// Idle and absolute timeout of a session (OWASP ASVS 7.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionTimeouts {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl SessionTimeouts {
    /// Creates timeouts: a session expires `idle` after its last use, and `absolute` after the login in any case. Both
    /// have a resolution of a millisecond.
    #[must_use]
    pub const fn new(idle: Duration, absolute: Duration) -> Self {
        Self { idle, absolute }
    }
}

impl Default for SessionTimeouts {
    /// 30 minutes idle, 12 hours absolute.
    fn default() -> Self {
        Self::new(
            Duration::from_secs(30 * 60),
            Duration::from_secs(12 * 60 * 60),
        )
    }
}
