use std::future::Future;

use super::IssuedToken;
use crate::error::Error;

/// Fetches tokens for a [`TokenCache`](super::TokenCache). Closures that return a future are sources.
pub trait TokenSource: Send + Sync + 'static {
    /// Requests a new token from the upstream system.
    ///
    /// Called at most once at a time and at most once a second. It should not retry.
    ///
    /// # Errors
    ///
    /// All callers that wait get the error. After [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) the
    /// cache backs off for the longest time at once.
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
