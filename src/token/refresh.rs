//! When a fetch starts, what it does to the cache, and who is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::futures::OwnedNotified;

use super::back_off::{self, BackOff};
use super::current::{CurrentToken, Held};
use super::flight::Flight;
use super::{AccessToken, IssuedToken, TokenSource};
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::meter;
use crate::{random, trace};

/// The longest time before its end at which a token is renewed.
const WIDEST_WINDOW: Duration = Duration::from_secs(300);
/// The window of a token that lives less than 50 minutes, as a part of its lifetime.
const WINDOW_PART: u32 = 10;
/// By how much of itself the window is widened or narrowed at random.
const WINDOW_JITTER: f64 = 0.2;

/// What all clones of a cache share.
pub(super) struct Shared<S> {
    pub(super) source: S,
    pub(super) clock: Clock,
    pub(super) fetch_timeout: Duration,
    current: ArcSwap<Held>,
    cold: Mutex<Cold>,
}

/// What only those touch who find no fresh token. Never locked across an await.
#[derive(Default)]
struct Cold {
    flight: Option<Arc<Flight>>,
    back_off: Option<BackOff>,
    last_fetch: Option<Timestamp>,
}

/// What somebody gets who asks for a token.
pub(super) enum Joined {
    Ready(CurrentToken),
    Waiting(Arc<Flight>, OwnedNotified),
    Refused(Error),
}

impl<S> Shared<S> {
    pub(super) fn new(source: S, clock: Clock, fetch_timeout: Duration) -> Self {
        Self {
            source,
            clock,
            fetch_timeout,
            current: ArcSwap::from_pointee(Held::absent()),
            cold: Mutex::default(),
        }
    }

    /// The token if it is fresh. Starts nothing.
    pub(super) fn peek(&self) -> Option<CurrentToken> {
        let held = self.current.load();
        held.is_fresh(self.clock.now())
            .then(|| CurrentToken::guarded(held))
    }

    /// Drops the token if it is `seen`.
    pub(super) fn invalidate(&self, seen: &AccessToken) {
        let held = self.current.load();
        if held.holds(seen) {
            // Whoever has put another token there in the meantime wins.
            drop(
                self.current
                    .compare_and_swap(&held, Arc::new(Held::absent())),
            );
        }
    }

    /// How the last fetch failed, unless one has succeeded since.
    pub(super) fn failure(&self) -> Option<ErrorKind> {
        self.cold()
            .back_off
            .as_ref()
            .map(|back_off| back_off.error().kind())
    }

    /// Ends a flight that started at `started`: keeps the token or counts the failure, then tells everybody.
    fn land(&self, flight: &Arc<Flight>, started: Timestamp, outcome: Result<IssuedToken, Error>) {
        meter::token_fetched(meter::outcome(&outcome));
        let now = self.clock.now();
        let mut cold = self.cold();
        let outcome = match outcome {
            Ok(issued) => {
                trace::info!("access token fetched");
                cold.back_off = None;
                self.current.store(Arc::new(keep(&issued, started)));
                Ok(issued.token().clone())
            }
            Err(error) => {
                trace::warn!(error = %error.report(), "access token could not be fetched");
                let back_off = BackOff::after(cold.back_off.as_ref(), error.clone(), now);
                self.current.load().refresh_again(back_off.until());
                cold.back_off = Some(back_off);
                Err(error)
            }
        };
        cold.flight = None;
        drop(cold);
        flight.land(outcome);
    }

    /// How long to wait so that two fetches are not too close.
    fn spacing(&self) -> Duration {
        let now = self.clock.now();
        self.cold().last_fetch.map_or(Duration::ZERO, |last| {
            back_off::SHORTEST.saturating_sub(now.since(last))
        })
    }

    fn cold(&self) -> MutexGuard<'_, Cold> {
        self.cold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: TokenSource> Shared<S> {
    /// The token if it is fresh; near its end, one background fetch starts.
    #[inline]
    pub(super) fn read(self: &Arc<Self>) -> Option<CurrentToken> {
        let held = self.current.load();
        let now = self.clock.now();
        if !held.is_fresh(now) {
            return None;
        }
        if held.is_due(now) {
            self.refresh_ahead(&held, now);
        }
        Some(CurrentToken::guarded(held))
    }

    #[cold]
    fn refresh_ahead(self: &Arc<Self>, held: &Arc<Held>, now: Timestamp) {
        let Ok(runtime) = Handle::try_current() else {
            // Somebody who comes from inside the runtime will start it.
            return;
        };
        if !held.claim_refresh(now) {
            return;
        }
        let mut cold = self.cold();
        // A slow reader may still hold a token that has been replaced.
        if cold.flight.is_none() && Arc::ptr_eq(held, &self.current.load()) {
            let pilot = self.depart(&mut cold);
            drop(cold);
            drop(runtime.spawn(trace::in_current_span(pilot.fly())));
        }
    }

    /// A token, or a place in the one flight, or the failure that is backed off from.
    #[cold]
    pub(super) fn join(self: &Arc<Self>) -> Joined {
        let mut cold = self.cold();
        // Someone may have landed between the reader's look and the lock.
        if let Some(token) = self.peek() {
            return Joined::Ready(token);
        }
        if let Some(flight) = &cold.flight {
            return Joined::Waiting(Arc::clone(flight), flight.landed());
        }
        if let Some(back_off) = cold
            .back_off
            .as_ref()
            .filter(|back_off| back_off.holds(self.clock.now()))
        {
            return Joined::Refused(back_off.error().clone());
        }
        match Handle::try_current() {
            Ok(runtime) => {
                let pilot = self.depart(&mut cold);
                drop(cold);
                let (flight, landed) = (Arc::clone(&pilot.flight), pilot.flight.landed());
                drop(runtime.spawn(trace::in_current_span(pilot.fly())));
                Joined::Waiting(flight, landed)
            }
            Err(error) => {
                let outside = Error::new(
                    ErrorKind::Internal,
                    "an access token is fetched inside a Tokio runtime only",
                );
                Joined::Refused(outside.with_source(error))
            }
        }
    }

    /// The pilot is spawned when the lock is free again: a runtime that is closing drops it on the spot, and it
    /// needs the lock to land.
    fn depart(self: &Arc<Self>, cold: &mut Cold) -> Pilot<S> {
        let flight = Arc::new(Flight::new());
        cold.flight = Some(Arc::clone(&flight));
        Pilot {
            shared: Arc::clone(self),
            flight,
            landed: false,
        }
    }
}

/// The owner of a flight. However its task ends, the flight lands.
struct Pilot<S> {
    shared: Arc<Shared<S>>,
    flight: Arc<Flight>,
    landed: bool,
}

impl<S: TokenSource> Pilot<S> {
    async fn fly(mut self) {
        let shared = Arc::clone(&self.shared);
        let spacing = shared.spacing();
        if !spacing.is_zero() {
            tokio::time::sleep(spacing).await;
        }
        // Before the request is sent: the upstream system starts to count somewhere after this.
        let started = shared.clock.now();
        shared.cold().last_fetch = Some(started);
        let fetched = tokio::time::timeout(shared.fetch_timeout, shared.source.fetch()).await;
        let outcome = fetched.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                "access token: the source did not answer in time",
            ))
        });
        self.landed = true;
        shared.land(&self.flight, started, outcome);
    }
}

impl<S> Drop for Pilot<S> {
    /// The source has panicked, or the runtime shuts down.
    fn drop(&mut self) {
        if !self.landed {
            let error = Error::new(
                ErrorKind::Internal,
                "access token: the fetch ended without an answer",
            );
            self.shared
                .land(&self.flight, self.shared.clock.now(), Err(error));
        }
    }
}

/// What the cache holds after `issued` was fetched. A token that is not kept still replaces its predecessor,
/// because it may have ended that one.
fn keep(issued: &IssuedToken, started: Timestamp) -> Held {
    let Some(lifetime) = issued.lifetime() else {
        return Held::absent();
    };
    let jitter = 1.0 + WINDOW_JITTER * (2.0 * random::fraction() - 1.0);
    let window = (lifetime / WINDOW_PART).min(WIDEST_WINDOW).mul_f64(jitter);
    let expires = started.plus(lifetime);
    Held::new(issued.token().clone(), expires, expires.minus(window))
}
