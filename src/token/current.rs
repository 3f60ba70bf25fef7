//! The token in the cache, and the handle through which it is read.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::Guard;

use super::AccessToken;
use crate::clock::Timestamp;

/// A token that was fresh when it was handed out. Dereferences to the [`AccessToken`].
///
/// Meant to be used at once and dropped: it borrows from the cache without a reference count, so that reading
/// costs nothing. To keep a token, clone the [`AccessToken`].
pub struct CurrentToken(Handle);

enum Handle {
    Guarded(Guard<Arc<Held>>),
    Owned(AccessToken),
}

impl CurrentToken {
    #[inline]
    pub(super) fn guarded(held: Guard<Arc<Held>>) -> Self {
        Self(Handle::Guarded(held))
    }

    pub(super) fn owned(token: AccessToken) -> Self {
        Self(Handle::Owned(token))
    }
}

impl Deref for CurrentToken {
    type Target = AccessToken;

    #[inline]
    fn deref(&self) -> &AccessToken {
        match &self.0 {
            Handle::Guarded(held) => &held.token,
            Handle::Owned(token) => token,
        }
    }
}

impl fmt::Debug for CurrentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CurrentToken([redacted])")
    }
}

/// What the cache holds.
pub(super) struct Held {
    token: AccessToken,
    expires: Timestamp,
    /// From when on a background fetch may start, in milliseconds; `u64::MAX` while one runs. Atomic, so that
    /// of many readers exactly one starts it, without a lock.
    refresh_from: AtomicU64,
}

impl Held {
    /// No token: has expired from the beginning of time.
    pub(super) fn absent() -> Self {
        Self::new(
            AccessToken::new(""),
            Timestamp::from_unix_millis(0),
            Timestamp::from_unix_millis(0),
        )
    }

    pub(super) fn new(token: AccessToken, expires: Timestamp, refresh_from: Timestamp) -> Self {
        Self {
            token,
            expires,
            refresh_from: AtomicU64::new(refresh_from.unix_millis()),
        }
    }

    pub(super) fn holds(&self, token: &AccessToken) -> bool {
        self.token.is(token)
    }

    #[inline]
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.expires
    }

    #[inline]
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        now.unix_millis() >= self.refresh_from.load(Ordering::Relaxed)
    }

    /// Whether the caller is the one that has to start the background fetch.
    pub(super) fn claim_refresh(&self, now: Timestamp) -> bool {
        let due = self.refresh_from.load(Ordering::Relaxed);
        due <= now.unix_millis()
            && self
                .refresh_from
                .compare_exchange(due, u64::MAX, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }

    /// The background fetch has ended without a new token: the next one may start at `from`.
    pub(super) fn refresh_again(&self, from: Timestamp) {
        self.refresh_from
            .store(from.unix_millis(), Ordering::Release);
    }
}
