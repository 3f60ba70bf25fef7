//! The clock by which codes, tokens and cookies age.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Source of the time: the system, or a function that a test names.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    pub(crate) fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for Clock {
    /// The clock of the system.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Returns the time between the two, and zero if the clock was set back in between.
pub(crate) fn elapsed(since: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(since).unwrap_or_default()
}

/// Clock that stands still until a test moves it.
#[cfg(test)]
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<std::sync::Mutex<SystemTime>>);

#[cfg(test)]
impl ManualClock {
    pub(crate) fn new(unix_seconds: u64) -> Self {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds);
        Self(Arc::new(std::sync::Mutex::new(start)))
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::new(self.now())
    }

    pub(crate) fn now(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let time = self.0.clone();
        move || *time.lock().unwrap()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}
