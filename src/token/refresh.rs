//! Slow path of a token cache: starts fetches, and stores their outcome.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::back_off::{self, BackOff};
use super::cached_token::CachedToken;
use super::inner::Inner;
use super::leased_source::LeasedSource;
use super::{CurrentToken, IssuedToken, TokenSource};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::flight::{Caller, Flight};
use crate::secret::AccessToken;
use crate::{meter, trace};

/// Outcome of a fetch, as its callers get it.
pub(super) type Outcome = Result<AccessToken, Error>;

/// State of the fetches.
#[derive(Default)]
pub(super) struct Refresh {
    flight: Option<Flight<Outcome>>,
    pub(super) back_off: Option<BackOff>,
    last_fetch: Option<Timestamp>,
}

/// How a caller that found no fresh token gets one.
pub(super) enum Joined {
    Ready(CurrentToken),
    Waiting(Caller<Outcome>),
}

impl<S: TokenSource> Inner<S> {
    /// Starts a fetch in the background, unless another reader does.
    #[cold]
    pub(super) fn refresh_ahead(self: &Arc<Self>, cached: &Arc<CachedToken>, now: Timestamp) {
        let Ok(runtime) = Handle::try_current() else {
            // A reader inside the runtime will start it.
            return;
        };
        if !cached.claim_refresh(now) {
            return;
        }
        let mut refresh = self.refresh.lock();
        // A slow reader may still hold a token that has been replaced.
        if refresh.flight.is_none() && Arc::ptr_eq(cached, &self.cached.load()) {
            let flight = refresh.flight.insert(Flight::new()).clone();
            drop(refresh);
            self.start(&flight, &runtime);
        }
    }

    /// Returns a token that has just become fresh, or joins the flight.
    ///
    /// # Errors
    ///
    /// The last failure while it is backed off from, or that there is no runtime.
    #[cold]
    pub(super) fn join(self: &Arc<Self>) -> Result<Joined, Error> {
        let mut refresh = self.refresh.lock();
        // A flight may have completed between the caller's read and the lock.
        if let Some(token) = self.peek() {
            return Ok(Joined::Ready(token));
        }
        if let Some(flight) = &refresh.flight {
            return Ok(Joined::Waiting(flight.join()));
        }
        if let Some(back_off) = &refresh.back_off
            && back_off.holds(self.clock.now())
        {
            return Err(back_off.error().clone());
        }
        let runtime = Handle::try_current().map_err(|error| {
            let context = "access token: fetching requires a Tokio runtime";
            Error::new(ErrorKind::Internal, context).with_source(error)
        })?;
        let flight = refresh.flight.insert(Flight::new()).clone();
        drop(refresh);
        self.start(&flight, &runtime);
        Ok(Joined::Waiting(flight.join()))
    }

    fn start(self: &Arc<Self>, flight: &Flight<Outcome>, runtime: &Handle) {
        let inner = Arc::clone(self);
        let complete = move |fetched| inner.complete(fetched);
        flight.start(runtime, Arc::clone(self).fetch(), complete);
    }

    /// Fetches a token. Returns it with the time from which its lifetime counts.
    async fn fetch(self: Arc<Self>) -> (Timestamp, Result<IssuedToken, Error>) {
        let pause = self.pause_before_fetch();
        if !pause.is_zero() {
            sleep(pause).await;
        }
        // Before the request is sent: the upstream system starts the lifetime after this.
        let started = self.clock.now();
        self.refresh.lock().last_fetch = Some(started);
        let fetched = match self.leased_source.get() {
            None => timeout(self.fetch_timeout, self.source.fetch()).await,
            Some(leased) => {
                let limit = self.fetch_timeout.saturating_add(LeasedSource::ALLOWANCE);
                timeout(limit, leased.fetch(|| self.source.fetch())).await
            }
        };
        let in_time = fetched.unwrap_or_else(|_| {
            let context = "access token: the source did not respond in time";
            Err(Error::new(ErrorKind::Timeout, context))
        });
        (started, in_time)
    }

    /// Stores the token or counts the failure. Returns the outcome for the callers.
    fn complete(&self, fetched: Option<(Timestamp, Result<IssuedToken, Error>)>) -> Outcome {
        let now = self.clock.now();
        let (started, fetched) = fetched.unwrap_or_else(|| (now, Err(abandoned())));
        meter::token_fetched(meter::outcome(&fetched));
        let mut refresh = self.refresh.lock();
        refresh.flight = None;
        match fetched {
            Ok(issued) => {
                trace::info!("access token: fetched");
                refresh.back_off = None;
                self.cached
                    .store(Arc::new(CachedToken::new(&issued, started)));
                Ok(issued.token().clone())
            }
            Err(error) => {
                trace::warn!(error = %error.report(), "access token: cannot fetch; calls fail once the cached token has expired");
                let back_off = BackOff::after(refresh.back_off.as_ref(), error.clone(), now);
                self.cached.load().allow_refresh_from(back_off.until());
                refresh.back_off = Some(back_off);
                Err(error)
            }
        }
    }

    /// Returns how long to wait so that two fetches are not too close.
    fn pause_before_fetch(&self) -> Duration {
        let now = self.clock.now();
        let last_fetch = self.refresh.lock().last_fetch;
        last_fetch.map_or(Duration::ZERO, |last| {
            back_off::SHORTEST.saturating_sub(now.since(last))
        })
    }
}

/// The task panicked, or the runtime was shut down.
pub(super) fn abandoned() -> Error {
    let context = "access token: the fetch was abandoned";
    Error::new(ErrorKind::Internal, context)
}
