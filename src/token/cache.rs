//! The public face of the cache.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_service::Service;

use super::refresh::Shared;
use super::{AccessToken, CurrentToken, GetToken, TokenSource};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};

/// One token for a whole process; see the [module](super) for the rules. Clones share it.
///
/// Also a [`Service<()>`](Service) that answers with the token.
pub struct TokenCache<S> {
    shared: Arc<Shared<S>>,
}

impl<S> TokenCache<S> {
    /// A cache in front of `source`, empty, on the system's clock.
    pub fn new(source: S) -> Self {
        Self::builder(source).build()
    }

    /// The same with settings.
    pub fn builder(source: S) -> TokenCacheBuilder<S> {
        TokenCacheBuilder {
            source,
            clock: Clock::system(),
            fetch_timeout: Duration::from_secs(15),
        }
    }

    /// Drops the token if it is still `seen`, the one that the upstream system has refused. If somebody else
    /// has already done so, nothing happens, and [`get`](Self::get) has a newer one.
    pub fn invalidate(&self, seen: &AccessToken) {
        self.shared.invalidate(seen);
    }

    /// How things stand, for a readiness probe. Fetches nothing.
    #[must_use]
    pub fn status(&self) -> TokenStatus {
        match (self.shared.peek().is_some(), self.shared.failure()) {
            (true, None) => TokenStatus::Fresh,
            (true, Some(kind)) => TokenStatus::Ageing(kind),
            (false, None) => TokenStatus::Absent,
            (false, Some(kind)) => TokenStatus::Failing(kind),
        }
    }
}

impl<S: TokenSource> TokenCache<S> {
    /// The token if it is fresh. Never waits; near the token's end one background fetch starts.
    #[inline]
    #[must_use]
    pub fn current(&self) -> Option<CurrentToken> {
        self.shared.read()
    }

    /// The token, fetched if there is none.
    ///
    /// # Errors
    ///
    /// Whatever the source reports, also while it is backed off from; [`ErrorKind::Timeout`] if it does not
    /// answer; [`ErrorKind::Internal`] if it panics or if there is no Tokio runtime.
    #[inline]
    pub fn get(&self) -> GetToken<S> {
        match self.shared.read() {
            Some(token) => GetToken::ready(token),
            None => GetToken::absent(Arc::clone(&self.shared)),
        }
    }
}

impl<S> Clone for TokenCache<S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S> fmt::Debug for TokenCache<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl<S: TokenSource> Service<()> for TokenCache<S> {
    type Response = CurrentToken;
    type Error = Error;
    type Future = GetToken<S>;

    #[inline]
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, (): ()) -> GetToken<S> {
        self.get()
    }
}

/// Settings of a [`TokenCache`].
#[must_use]
pub struct TokenCacheBuilder<S> {
    source: S,
    clock: Clock,
    fetch_timeout: Duration,
}

impl<S> TokenCacheBuilder<S> {
    /// The clock that lifetimes and pauses are counted on; the system's unless set.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// How long one fetch may take, for sources that might never answer; 15 s unless set.
    pub fn fetch_timeout(self, fetch_timeout: Duration) -> Self {
        Self {
            fetch_timeout,
            ..self
        }
    }

    /// The cache, empty.
    #[must_use]
    pub fn build(self) -> TokenCache<S> {
        let Self {
            source,
            clock,
            fetch_timeout,
        } = self;
        TokenCache {
            shared: Arc::new(Shared::new(source, clock, fetch_timeout)),
        }
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

/// How a [`TokenCache`] stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TokenStatus {
    /// No token, and no failure either: nobody has asked, or the last one has ended.
    Absent,
    /// A token is ready.
    Fresh,
    /// A token is ready, but the last attempt to renew it failed like this.
    Ageing(ErrorKind),
    /// No token, and the last attempt to fetch one failed like this.
    Failing(ErrorKind),
}
