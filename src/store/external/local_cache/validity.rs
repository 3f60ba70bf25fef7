use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Timestamp;

/// Validity window of local caches: the time until which no invalidation can have been missed.
///
/// It is closed at first. The time is that of the process's [`Clock`](crate::clock::Clock).
#[derive(Debug, Default)]
pub struct CacheValidity(AtomicU64);

impl CacheValidity {
    /// Opens the window until `end`, or closes it if that time has come: cached sessions may be
    /// served before it.
    pub fn extend_to(&self, end: Timestamp) {
        self.0.store(end.unix_millis(), Ordering::Release);
    }

    /// Closes the window: invalidations may be missed from now on.
    pub fn end(&self) {
        self.0.store(0, Ordering::Release);
    }

    #[inline]
    pub(super) fn includes(&self, now: Timestamp) -> bool {
        now.unix_millis() < self.0.load(Ordering::Acquire)
    }
}
