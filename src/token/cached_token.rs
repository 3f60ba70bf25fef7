use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::IssuedToken;
use crate::clock::Timestamp;
use crate::random;
use crate::secret::AccessToken;

/// The longest time before its expiry at which a token is renewed.
const LONGEST_WINDOW: Duration = Duration::from_secs(300);
/// The window of a token that lives less than 50 minutes, as a part of its lifetime.
const WINDOW_PART: u32 = 10;
/// Random part by which the window is widened or narrowed.
const WINDOW_JITTER: f64 = 0.2;

/// The token in the cache, with its expiry and the start of its renewal.
pub(super) struct CachedToken {
    pub(super) token: AccessToken,
    expires: Timestamp,
    /// When a background fetch may start, in milliseconds; `u64::MAX` while one runs. Atomic, so
    /// that exactly one of many readers starts it, without a lock.
    refresh_from: AtomicU64,
}

impl CachedToken {
    /// Stands for no token: expired since the beginning of time.
    pub(super) fn absent() -> Self {
        Self {
            token: AccessToken::new(""),
            expires: Timestamp::from_unix_millis(0),
            refresh_from: AtomicU64::new(0),
        }
    }

    /// Creates the cache content after `issued` was fetched. A token that is not kept still
    /// replaces its predecessor, because it may have invalidated that one.
    pub(super) fn new(issued: &IssuedToken, started: Timestamp) -> Self {
        let Some(lifetime) = issued.lifetime() else {
            return Self::absent();
        };
        let jitter = 1.0 + WINDOW_JITTER * (2.0 * random::fraction() - 1.0);
        let window = (lifetime / WINDOW_PART).min(LONGEST_WINDOW).mul_f64(jitter);
        let expires = started.plus(lifetime);
        Self {
            token: issued.token().clone(),
            expires,
            refresh_from: AtomicU64::new(expires.minus(window).unix_millis()),
        }
    }

    pub(super) fn is(&self, token: &AccessToken) -> bool {
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

    /// Returns whether the caller is the one that has to start the background fetch.
    pub(super) fn claim_refresh(&self, now: Timestamp) -> bool {
        let due = self.refresh_from.load(Ordering::Relaxed);
        due <= now.unix_millis()
            && self
                .refresh_from
                .compare_exchange(due, u64::MAX, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }

    /// Allows the next background fetch from `from` on, after one has failed.
    pub(super) fn allow_refresh_from(&self, from: Timestamp) {
        self.refresh_from
            .store(from.unix_millis(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_is_claimed_by_one_reader_and_only_when_it_is_due() {
        let started = Timestamp::from_unix_seconds(1_700_000_000);
        let after = |seconds| started.plus(Duration::from_secs(seconds));
        let issued = IssuedToken::new(AccessToken::new("t"), Some(Duration::from_secs(7_200)));
        let cached = CachedToken::new(&issued, started);

        // The window is 300 s, a fifth more or less.
        let early = after(7_200 - 361);
        assert!(!cached.is_due(early) && !cached.claim_refresh(early));
        let due = after(7_200 - 239);
        assert!(cached.is_due(due) && cached.claim_refresh(due));
        assert!(!cached.is_due(due) && !cached.claim_refresh(due));

        cached.allow_refresh_from(after(7_000));
        assert!(!cached.claim_refresh(after(6_999)) && cached.claim_refresh(after(7_000)));
    }
}
