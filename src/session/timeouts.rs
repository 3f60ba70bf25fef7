//! How long a session lives.

use std::time::Duration;

/// How long a session lives: while it is used, and at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionTimeouts {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl SessionTimeouts {
    /// A session ends `idle` after its last use, and `absolute` after the login whatever happens; to the millisecond.
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
