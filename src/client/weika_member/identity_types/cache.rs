use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::super::endpoint::{Endpoint, SchoolTokenSource, of_application};
use crate::client::permits::Permit;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::flight::Flight;
use crate::identity::SchoolIdentityType;
use crate::secret::AccessToken;
use crate::token::TokenCache;
use crate::trace;

/// How long a list is fresh by default: a school changes it rarely.
pub(in super::super) const DEFAULT_TIME_TO_LIVE: Duration = Duration::from_secs(3_600);
/// Maximum age of a list that is served because no newer one is available.
const MAX_STALE: Duration = Duration::from_secs(24 * 3_600);
/// The shortest time between a failed call and the next one.
const BACK_OFF: Duration = Duration::from_secs(10);

const CONTEXT: &str = "weika identity types";

type Outcome = Result<Arc<[SchoolIdentityType]>, Error>;

pub(super) struct Cache {
    endpoint: Arc<Endpoint>,
    pub(super) tokens: TokenCache<SchoolTokenSource>,
    time_to_live: Duration,
    list: ArcSwapOption<CachedList>,
    /// Only callers without a fresh list take this lock, and never across an await.
    refresh: Mutex<Refresh>,
}

/// A list, and when it was requested.
struct CachedList {
    list: Arc<[SchoolIdentityType]>,
    since: Timestamp,
}

#[derive(Default)]
struct Refresh {
    flight: Option<Flight<Outcome>>,
    /// How the last call failed and when, unless one has succeeded since.
    failure: Option<(Error, Timestamp)>,
    /// The number of invalidations. A call that began before the last one is not kept.
    invalidations: u64,
}

impl Cache {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        tokens: TokenCache<SchoolTokenSource>,
        time_to_live: Duration,
    ) -> Self {
        Self {
            endpoint,
            tokens,
            time_to_live,
            list: ArcSwapOption::empty(),
            refresh: Mutex::default(),
        }
    }

    pub(super) fn school_code(&self) -> &str {
        &self.endpoint.school_code
    }

    pub(super) async fn list(self: &Arc<Self>) -> Outcome {
        if let Some(list) = self.within(self.time_to_live) {
            return Ok(list);
        }
        let flight = match self.join() {
            Ok(flight) => flight,
            Err(outcome) => return outcome,
        };
        let outcome = flight.join().outcome().await;
        outcome.unwrap_or_else(|| Err(abandoned()))
    }

    pub(super) fn invalidate(&self) {
        let mut refresh = self.refresh.lock();
        refresh.flight = None;
        refresh.failure = None;
        refresh.invalidations += 1;
        self.list.store(None);
    }

    /// Returns the list if it is younger than `age`.
    fn within(&self, age: Duration) -> Option<Arc<[SchoolIdentityType]>> {
        let cached = self.list.load();
        let cached = cached.as_ref()?;
        let is_young = self.endpoint.clock.now().since(cached.since) < age;
        is_young.then(|| Arc::clone(&cached.list))
    }

    /// Joins or starts the flight, or returns the outcome that is served in its place.
    fn join(self: &Arc<Self>) -> Result<Flight<Outcome>, Outcome> {
        let mut refresh = self.refresh.lock();
        // A flight may have completed between the lookup and the lock.
        if let Some(list) = self.within(self.time_to_live) {
            return Err(Ok(list));
        }
        if let Some((error, since)) = &refresh.failure
            && self.endpoint.clock.now().since(*since) < BACK_OFF
        {
            return Err(self.within(MAX_STALE).ok_or_else(|| error.clone()));
        }
        if let Some(flight) = &refresh.flight {
            return Ok(flight.clone());
        }
        let runtime = Handle::try_current()
            .map_err(|error| Err(Error::new(ErrorKind::Internal, CONTEXT).with_source(error)))?;
        let flight = refresh.flight.insert(Flight::new()).clone();
        let invalidations = refresh.invalidations;
        drop(refresh);
        let (call, completing) = (Arc::clone(self).fetch(), Arc::clone(self));
        flight.start(&runtime, call, move |fetched| {
            completing.complete(fetched, invalidations)
        });
        Ok(flight)
    }

    /// Fetches the list, and again with another token if the first one is rejected.
    async fn fetch(self: Arc<Self>) -> (Timestamp, Result<Vec<SchoolIdentityType>, Error>) {
        // Before the call: the list may be outdated as soon as it has been looked up.
        let started = self.endpoint.clock.now();
        let permits = &self.endpoint.connection.permits;
        let fetched = match permits.acquire_after(self.token()).await {
            Ok((token, permit)) => self.fetch_with(token, permit).await,
            Err(error) => Err(error),
        };
        (started, fetched.map_err(of_application))
    }

    async fn fetch_with(
        &self,
        token: AccessToken,
        _permit: Permit,
    ) -> Result<Vec<SchoolIdentityType>, Error> {
        match self.endpoint.identity_types(&token).await {
            Err(error) if error.kind() == ErrorKind::TokenRejected => {
                trace::debug!(error = %error.report(), "weika: the school's token was rejected; another one is fetched");
                self.tokens.invalidate(&token);
                self.endpoint.identity_types(&self.token().await?).await
            }
            outcome => outcome,
        }
    }

    async fn token(&self) -> Result<AccessToken, Error> {
        Ok((*self.tokens.get().await?).clone())
    }

    /// Stores the list or the failure. Returns the outcome for the callers.
    fn complete(
        &self,
        fetched: Option<(Timestamp, Result<Vec<SchoolIdentityType>, Error>)>,
        invalidations: u64,
    ) -> Outcome {
        let now = self.endpoint.clock.now();
        let (since, fetched) = fetched.unwrap_or_else(|| (now, Err(abandoned())));
        let mut refresh = self.refresh.lock();
        let is_current = refresh.invalidations == invalidations;
        if is_current {
            refresh.flight = None;
        }
        match fetched {
            Ok(list) => {
                let list: Arc<[_]> = list.into();
                if is_current {
                    refresh.failure = None;
                    let list = Arc::clone(&list);
                    self.list.store(Some(Arc::new(CachedList { list, since })));
                }
                Ok(list)
            }
            Err(error) => {
                trace::warn!(error = %error.report(), "weika: the school's identity types cannot be fetched; a cached list of the last 24 hours is served");
                if is_current {
                    refresh.failure = Some((error.clone(), now));
                }
                self.within(MAX_STALE).ok_or(error)
            }
        }
    }
}

/// The call panicked, or the runtime was shut down.
fn abandoned() -> Error {
    Error::new(ErrorKind::Internal, CONTEXT).with_source("the call was abandoned")
}
