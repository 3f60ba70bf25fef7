//! Slow path of the cache: starts calls, and stores their outcome.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::entry::{Answer, Entry, Failure};
use super::inner::Inner;
use super::lookup::{Lookup, Outcome, abandoned};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::flight::Flight;
use crate::secret::AppToken;
use crate::trace;

/// Maximum age of an answer that is served because no newer one is available.
pub(super) const MAX_STALE: Duration = Duration::from_secs(24 * 3_600);

impl Inner {
    /// Joins or starts the flight, or returns what is served in its place.
    #[cold]
    pub(super) fn join(self: &Arc<Self>, entry: Arc<Entry>, token: &AppToken) -> Lookup {
        let mut refresh = entry.refresh.lock();
        let now = self.clock.now();
        // A flight may have completed between the lookup and the lock.
        if let Some(answer) = entry.within(self.time_to_live, now) {
            return Lookup::Ready(Ok(answer));
        }
        let stale = entry.within(MAX_STALE, now);
        if let Some(failure) = &refresh.failure
            && now.since(failure.since) < self.back_off
        {
            return Lookup::Ready(stale.ok_or_else(|| failure.error.clone()));
        }
        // After a failure the next one is likely: a caller that can be served does not wait for it.
        let instead = stale.filter(|_| refresh.failure.is_some()).map(Ok);
        let flight = match (&refresh.flight, Handle::try_current()) {
            (Some(flight), _) => flight.clone(),
            (None, Ok(runtime)) => {
                let flight = refresh.flight.insert(Flight::new()).clone();
                drop(refresh);
                self.start(&flight, &runtime, entry, token.clone());
                flight
            }
            (None, Err(error)) => {
                let context = "official account: a call requires a Tokio runtime";
                let outside = Error::new(ErrorKind::Internal, context).with_source(error);
                return Lookup::Ready(instead.unwrap_or(Err(outside)));
            }
        };
        instead.map_or_else(|| Lookup::Waiting(flight.join()), Lookup::Ready)
    }

    fn start(
        self: &Arc<Self>,
        flight: &Flight<Outcome>,
        runtime: &Handle,
        entry: Arc<Entry>,
        token: AppToken,
    ) {
        let inner = Arc::clone(self);
        let call = async move {
            // Before the call: the answer may be outdated as soon as it has been looked up.
            let started = inner.clock.now();
            (started, inner.client.official_account(&token).await)
        };
        let inner = Arc::clone(self);
        flight.start(runtime, call, move |called| inner.complete(&entry, called));
    }

    /// Stores the answer or the failure. Returns the outcome for the callers.
    fn complete(&self, entry: &Entry, called: Option<(Timestamp, Outcome)>) -> Outcome {
        let now = self.clock.now();
        let (since, outcome) = called.unwrap_or_else(|| (now, Err(abandoned())));
        let mut refresh = entry.refresh.lock();
        refresh.flight = None;
        match outcome {
            Ok(authorization) => {
                refresh.failure = None;
                entry.answer.store(Some(Arc::new(Answer {
                    authorization: authorization.clone(),
                    since,
                })));
                Ok(authorization)
            }
            Err(error) => {
                trace::warn!(error = %error.report(), "official account: call failed");
                refresh.failure = Some(Failure {
                    error: error.clone(),
                    since: now,
                });
                entry.within(MAX_STALE, now).ok_or(error)
            }
        }
    }
}
