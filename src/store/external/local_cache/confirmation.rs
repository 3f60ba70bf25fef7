use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ReadStart;
use crate::clock::Timestamp;

/// How long a cached session is served after the store has confirmed it.
const SERVED_FOR: Duration = Duration::from_secs(60);

/// A session in use is confirmed again in the background when its last confirmation is this old, so
/// that no request waits.
const REFRESH_AFTER: Duration = Duration::from_secs(45);

/// When the store has last confirmed that a session is there.
#[derive(Debug)]
pub(super) struct Confirmation {
    /// In milliseconds since the Unix epoch.
    at: AtomicU64,
    /// The confirmation after which a refresh was started.
    refreshed_after: AtomicU64,
}

/// Use of a cached session that its last confirmation allows.
pub(super) enum Freshness {
    Fresh,
    /// The session may be served, and the caller should have it confirmed again.
    RefreshDue,
    TooOld,
}

impl Confirmation {
    pub(super) fn new(read: ReadStart) -> Self {
        Self {
            at: AtomicU64::new(read.at().unix_millis()),
            refreshed_after: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(super) fn freshness(&self, now: Timestamp) -> Freshness {
        let age = now.since(Timestamp::from_unix_millis(self.at.load(Ordering::Relaxed)));
        if age >= SERVED_FOR {
            Freshness::TooOld
        } else if age >= REFRESH_AFTER && self.starts_refresh() {
            Freshness::RefreshDue
        } else {
            Freshness::Fresh
        }
    }

    /// Whether the caller should have the session confirmed. True once after each confirmation.
    #[cold]
    fn starts_refresh(&self) -> bool {
        let at = self.at.load(Ordering::Relaxed);
        self.refreshed_after.swap(at, Ordering::Relaxed) != at
    }

    /// Records that the store has confirmed the session, unless a later read has already.
    pub(super) fn renew(&self, read: ReadStart) {
        self.at
            .fetch_max(read.at().unix_millis(), Ordering::Relaxed);
    }
}
