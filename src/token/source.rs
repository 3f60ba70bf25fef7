//! Where tokens come from.

use std::future::Future;

use super::IssuedToken;
use crate::error::Error;

/// Fetches tokens for a [`TokenCache`](super::TokenCache). Closures that return a future are sources.
pub trait TokenSource: Send + Sync + 'static {
    /// Asks the upstream system for a new token.
    ///
    /// Called at most once at a time and at most once a second. It should not retry by itself.
    ///
    /// # Errors
    ///
    /// Everybody who waits is told of the error. [`ErrorKind::Configuration`](crate::ErrorKind::Configuration)
    /// says that trying again soon is pointless.
    fn fetch(&self) -> impl Future<Output = Result<IssuedToken, Error>> + Send;
}

impl<F, Fut> TokenSource for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<IssuedToken, Error>> + Send,
{
    fn fetch(&self) -> impl Future<Output = Result<IssuedToken, Error>> + Send {
        self()
    }
}
