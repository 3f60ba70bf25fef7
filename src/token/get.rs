//! The future of [`TokenCache::get`](super::TokenCache::get).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project::pin_project;
use tokio::sync::futures::OwnedNotified;

use super::flight::Flight;
use super::refresh::{Joined, Shared};
use super::{CurrentToken, TokenSource};
use crate::error::{Error, ErrorKind};

/// Resolves to a token; at once if one is fresh.
///
/// Dropping it stops nothing: the fetch that it waits for goes on for the others and for the cache.
#[pin_project]
#[must_use = "futures do nothing unless polled"]
pub struct GetToken<S> {
    #[pin]
    state: State<S>,
}

#[pin_project(project = StateProj)]
enum State<S> {
    /// The token was fresh.
    Ready(Option<CurrentToken>),
    /// There was none; not polled yet.
    Absent(Arc<Shared<S>>),
    /// Waits for the one fetch.
    Waiting(Arc<Flight>, #[pin] OwnedNotified),
}

impl<S> GetToken<S> {
    #[inline]
    pub(super) fn ready(token: CurrentToken) -> Self {
        Self {
            state: State::Ready(Some(token)),
        }
    }

    pub(super) fn absent(shared: Arc<Shared<S>>) -> Self {
        Self {
            state: State::Absent(shared),
        }
    }
}

impl<S: TokenSource> Future for GetToken<S> {
    type Output = Result<CurrentToken, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if let StateProj::Ready(token) = state.as_mut().project()
            && let Some(token) = token.take()
        {
            return Poll::Ready(Ok(token));
        }
        state.poll_flight(cx)
    }
}

impl<S: TokenSource> State<S> {
    /// Kept out of the way of those who find a fresh token.
    #[cold]
    #[inline(never)]
    fn poll_flight(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<CurrentToken, Error>> {
        loop {
            match self.as_mut().project() {
                StateProj::Ready(token) => {
                    let polled_again =
                        || Error::new(ErrorKind::Internal, "access token: polled after completion");
                    return Poll::Ready(token.take().ok_or_else(polled_again));
                }
                StateProj::Absent(shared) => match shared.join() {
                    Joined::Ready(token) => self.set(Self::Ready(Some(token))),
                    Joined::Refused(error) => return Poll::Ready(Err(error)),
                    Joined::Waiting(flight, landed) => self.set(Self::Waiting(flight, landed)),
                },
                StateProj::Waiting(flight, landed) => {
                    if flight.outcome().is_none() {
                        ready!(landed.poll(cx));
                    }
                    if let Some(outcome) = flight.outcome() {
                        return Poll::Ready(outcome.clone().map(CurrentToken::owned));
                    }
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
            State::Waiting(..) => "waiting",
        };
        f.debug_tuple("GetToken")
            .field(&format_args!("{state}"))
            .finish()
    }
}
