use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::inner::Inner;
use super::refresh::{Joined, Outcome, abandoned};
use super::{CurrentToken, TokenSource};
use crate::error::{Error, ErrorKind};

/// Future of [`TokenCache::get`](super::TokenCache::get). Ready at once if the token is fresh.
///
/// Dropping it does not cancel the fetch, which continues for the other callers and for the cache.
#[must_use = "futures do nothing unless polled"]
pub struct GetToken<S> {
    state: State<S>,
}

enum State<S> {
    /// The token was fresh.
    Ready(Option<CurrentToken>),
    /// There was no fresh token; not polled yet.
    Absent(Arc<Inner<S>>),
    /// Waits for the flight.
    Waiting(Pin<Box<dyn Future<Output = Outcome> + Send + Sync>>),
}

impl<S> GetToken<S> {
    #[inline]
    pub(super) fn ready(token: CurrentToken) -> Self {
        Self {
            state: State::Ready(Some(token)),
        }
    }

    pub(super) fn absent(inner: Arc<Inner<S>>) -> Self {
        Self {
            state: State::Absent(inner),
        }
    }
}

impl<S: TokenSource> Future for GetToken<S> {
    type Output = Result<CurrentToken, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = &mut self.get_mut().state;
        if let State::Ready(token) = state
            && let Some(token) = token.take()
        {
            return Poll::Ready(Ok(token));
        }
        state.poll_slow(cx)
    }
}

impl<S: TokenSource> State<S> {
    /// Slow path, outlined so that the common case can be inlined.
    #[cold]
    #[inline(never)]
    fn poll_slow(&mut self, cx: &mut Context<'_>) -> Poll<Result<CurrentToken, Error>> {
        loop {
            match self {
                Self::Ready(token) => {
                    let polled_again =
                        || Error::new(ErrorKind::Internal, "access token: polled after completion");
                    return Poll::Ready(token.take().ok_or_else(polled_again));
                }
                Self::Absent(inner) => {
                    *self = match inner.join()? {
                        Joined::Ready(token) => Self::Ready(Some(token)),
                        Joined::Waiting(caller) => Self::Waiting(Box::pin(async {
                            let outcome = caller.outcome().await;
                            outcome.unwrap_or_else(|| Err(abandoned()))
                        })),
                    }
                }
                Self::Waiting(outcome) => {
                    let outcome = ready!(outcome.as_mut().poll(cx));
                    *self = Self::Ready(None);
                    return Poll::Ready(outcome.map(CurrentToken::owned));
                }
            }
        }
    }
}

impl<S> fmt::Debug for GetToken<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ready(_) => "ready",
            State::Absent(_) => "absent",
            State::Waiting(_) => "waiting",
        };
        f.debug_tuple("GetToken")
            .field(&format_args!("{state}"))
            .finish()
    }
}
