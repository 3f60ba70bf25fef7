use std::fmt;
use std::time::Duration;

use super::TokenCache;
use super::inner::Inner;
use crate::clock::Clock;

/// Builder of a [`TokenCache`].
#[must_use]
pub struct TokenCacheBuilder<S> {
    source: S,
    clock: Clock,
    fetch_timeout: Duration,
}

impl<S> TokenCacheBuilder<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            source,
            clock: Clock::system(),
            fetch_timeout: Duration::from_secs(15),
        }
    }

    /// Sets the clock for lifetimes and pauses. Default: the system's clock.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Sets the timeout of one fetch, for sources that might never answer. Default: 15 s.
    ///
    /// With a coordinator attached, the time to agree with the other instances comes on top.
    pub fn fetch_timeout(self, fetch_timeout: Duration) -> Self {
        Self {
            fetch_timeout,
            ..self
        }
    }

    /// Creates the cache, empty.
    #[must_use]
    pub fn build(self) -> TokenCache<S> {
        TokenCache::from_inner(Inner::new(self.source, self.clock, self.fetch_timeout))
    }
}

impl<S> fmt::Debug for TokenCacheBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCacheBuilder")
            .field("clock", &self.clock)
            .field("fetch_timeout", &self.fetch_timeout)
            .finish_non_exhaustive()
    }
}
