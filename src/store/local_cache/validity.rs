use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Timestamp;

/// Validity window of local caches: the time until which no invalidation message can have been missed.
///
/// In milliseconds on the timeline of the process.
#[derive(Debug, Default)]
pub(in crate::store) struct CacheValidity(AtomicU64);

impl CacheValidity {
    /// Cached sessions may be served until `end`.
    pub(in crate::store) fn extend_to(&self, end: Timestamp) {
        self.0.store(end.unix_millis(), Ordering::Release);
    }

    /// Invalidation messages may be missed from now on.
    pub(in crate::store) fn end(&self) {
        self.0.store(0, Ordering::Release);
    }

    #[inline]
    pub(super) fn includes(&self, now: Timestamp) -> bool {
        now.unix_millis() < self.0.load(Ordering::Acquire)
    }
}
