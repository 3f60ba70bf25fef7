use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::inner::Inner;
use super::leased_source::LeasedSource;
use super::{CurrentToken, GetToken, TokenCacheBuilder, TokenSource, TokenStatus};
use crate::coordination::Coordinator;
use crate::error::{ConfigErrorKind, Error};
use crate::secret::AccessToken;

/// Cache of one access token; see the [module](super) for the rules. Clones share it.
///
/// Also a [`Service<()>`](Service) that responds with the token.
pub struct TokenCache<S> {
    inner: Arc<Inner<S>>,
}

impl<S> TokenCache<S> {
    /// Creates an empty cache in front of `source`, on the system's clock.
    pub fn new(source: S) -> Self {
        Self::builder(source).build()
    }

    /// Returns a builder with the default settings.
    pub fn builder(source: S) -> TokenCacheBuilder<S> {
        TokenCacheBuilder::new(source)
    }

    pub(super) fn from_inner(inner: Inner<S>) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Shares the token with the other instances of the application, through their coordinator: for
    /// this cache and all its clones, from the next fetch on.
    ///
    /// `name` is the same in all instances of one application and different for any other
    /// application. It is not secret. Attaching the same coordinator (a clone of one `Arc`) under
    /// the same name again has no effect.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::CoordinatorConflict`] if another coordinator, or another name, is
    /// attached already.
    pub fn attach_coordinator(
        &self,
        coordinator: &Arc<dyn Coordinator>,
        name: &str,
    ) -> Result<(), ConfigErrorKind> {
        let attached = self
            .inner
            .leased_source
            .get_or_init(|| LeasedSource::new(Arc::clone(coordinator), name.to_owned()));
        match attached.is_attached_to(coordinator, name) {
            true => Ok(()),
            false => Err(ConfigErrorKind::CoordinatorConflict),
        }
    }

    /// Drops the token if it is still `seen`, which the upstream system has rejected. A newer token
    /// is kept.
    pub fn invalidate(&self, seen: &AccessToken) {
        self.inner.invalidate(seen);
    }

    /// Returns the state of the cache, for a readiness probe. Fetches nothing.
    #[must_use]
    pub fn status(&self) -> TokenStatus {
        match (self.inner.peek().is_some(), self.inner.failure()) {
            (true, None) => TokenStatus::Fresh,
            (true, Some(kind)) => TokenStatus::Ageing(kind),
            (false, None) => TokenStatus::Absent,
            (false, Some(kind)) => TokenStatus::Failing(kind),
        }
    }
}

impl<S: TokenSource> TokenCache<S> {
    /// Returns the token if it is fresh. Never waits; starts one background fetch if the token is
    /// about to expire.
    #[inline]
    #[must_use]
    pub fn current(&self) -> Option<CurrentToken> {
        self.inner.read()
    }

    /// Returns the token, and fetches one if there is none.
    ///
    /// # Errors
    ///
    /// The error of the source, also while the cache backs off from it;
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) if the source does not respond;
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) if it panics or if there is no Tokio
    /// runtime.
    #[inline]
    pub fn get(&self) -> GetToken<S> {
        match self.inner.read() {
            Some(token) => GetToken::ready(token),
            None => GetToken::absent(Arc::clone(&self.inner)),
        }
    }
}

impl<S> Clone for TokenCache<S> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
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
