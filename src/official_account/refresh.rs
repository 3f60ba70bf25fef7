//! What is known of each school, when somebody is asked again, and who is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::client::kesion::KesionClient;
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;
use crate::trace;

/// The oldest answer that is served when there is no newer one to be had.
const LONGEST_STALE: Duration = Duration::from_secs(24 * 3_600);

pub(super) type Outcome = Result<AccountAuthorization, Error>;

/// A school by its token. A digest, so that the map holds no secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of(token: &AppToken) -> Self {
        Self(Sha256::digest(token.expose()).into())
    }
}

/// What all clones of a cache share.
pub(super) struct Shared {
    pub(super) client: KesionClient,
    pub(super) slots: Cache<Key, Arc<Slot>>,
    pub(super) time_to_live: Duration,
    pub(super) back_off: Duration,
    pub(super) clock: Clock,
}

/// One school.
#[derive(Default)]
pub(super) struct Slot {
    known: ArcSwapOption<Known>,
    cold: Mutex<Cold>,
}

struct Known {
    answer: AccountAuthorization,
    since: Timestamp,
}

/// What only those touch who find no fresh answer. Never locked across an await.
#[derive(Default)]
struct Cold {
    flight: Option<Flight>,
    /// How the last call failed, unless one has succeeded since.
    failure: Option<Failure>,
}

struct Failure {
    error: Error,
    since: Timestamp,
}

/// A call under way, as those see it who wait for it.
type Flight = watch::Receiver<Option<Outcome>>;

/// What somebody gets who asks.
pub(super) enum Lookup {
    Ready(Outcome),
    Waiting(Flight),
}

impl Lookup {
    pub(super) async fn outcome(self) -> Outcome {
        match self {
            Self::Ready(outcome) => outcome,
            Self::Waiting(mut flight) => {
                let told = flight
                    .wait_for(Option::is_some)
                    .await
                    .ok()
                    .and_then(|told| told.clone());
                told.unwrap_or_else(|| Err(ended()))
            }
        }
    }
}

impl Shared {
    pub(super) fn peek(&self, key: Key) -> Option<AccountAuthorization> {
        self.slots
            .get(&key)?
            .within(self.time_to_live, self.clock.now())
    }

    /// A call under way keeps the slot that it has, and what it finds is seen by nobody else.
    pub(super) fn invalidate(&self, key: Key) {
        self.slots.invalidate(&key);
    }

    pub(super) fn look_up(self: &Arc<Self>, key: Key, token: &AppToken) -> Lookup {
        let slot = self.slots.get_with(key, Arc::default);
        match slot.within(self.time_to_live, self.clock.now()) {
            Some(answer) => Lookup::Ready(Ok(answer)),
            None => self.join(slot, token),
        }
    }

    /// What is known, however it is to be had without waiting; a call starts if it is not fresh.
    pub(super) fn known(
        self: &Arc<Self>,
        key: Key,
        token: &AppToken,
    ) -> Option<AccountAuthorization> {
        match self.look_up(key, token) {
            Lookup::Ready(outcome) => outcome.ok(),
            Lookup::Waiting(_) => self
                .slots
                .get(&key)?
                .within(LONGEST_STALE, self.clock.now()),
        }
    }

    /// A place in the one flight, or what there is instead.
    #[cold]
    fn join(self: &Arc<Self>, slot: Arc<Slot>, token: &AppToken) -> Lookup {
        let mut cold = slot.cold();
        let now = self.clock.now();
        // Somebody may have landed between the look and the lock.
        if let Some(answer) = slot.within(self.time_to_live, now) {
            return Lookup::Ready(Ok(answer));
        }
        let stale = slot.within(LONGEST_STALE, now);
        if let Some(failure) = cold
            .failure
            .as_ref()
            .filter(|failure| is_within(self.back_off, failure.since, now))
        {
            return Lookup::Ready(stale.ok_or_else(|| failure.error.clone()));
        }
        // After a failure the next one is likely: who can be served does not wait for it.
        let instead = stale.filter(|_| cold.failure.is_some()).map(Ok);
        let flight = match &cold.flight {
            Some(flight) => flight.clone(),
            None => match Handle::try_current() {
                Ok(runtime) => {
                    let (told, flight) = watch::channel(None);
                    cold.flight = Some(flight.clone());
                    // A runtime that is closing drops the call on the spot, and landing needs the lock.
                    drop(cold);
                    let token = token.clone();
                    let call = Call {
                        shared: Arc::clone(self),
                        slot,
                        token,
                        told,
                        landed: false,
                    };
                    drop(runtime.spawn(trace::in_current_span(call.make())));
                    flight
                }
                Err(error) => {
                    let outside = Error::new(
                        ErrorKind::Internal,
                        "an official account is asked for inside a Tokio runtime only",
                    );
                    return Lookup::Ready(
                        instead.unwrap_or_else(|| Err(outside.with_source(error))),
                    );
                }
            },
        };
        instead.map_or(Lookup::Waiting(flight), Lookup::Ready)
    }
}

impl Slot {
    /// The answer if it is not older than that.
    fn within(&self, age: Duration, now: Timestamp) -> Option<AccountAuthorization> {
        let known = self.known.load();
        known
            .as_ref()
            .filter(|known| is_within(age, known.since, now))
            .map(|known| known.answer.clone())
    }

    fn cold(&self) -> MutexGuard<'_, Cold> {
        self.cold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_within(age: Duration, since: Timestamp, now: Timestamp) -> bool {
    now.since(since) < age
}

/// The owner of a flight. However its task ends, the flight lands.
struct Call {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    token: AppToken,
    told: watch::Sender<Option<Outcome>>,
    landed: bool,
}

impl Call {
    async fn make(mut self) {
        // Before the call: what it tells may change as soon as it has been looked up.
        let started = self.shared.clock.now();
        let outcome = self.shared.client.official_account(&self.token).await;
        self.landed = true;
        self.land(started, outcome);
    }

    /// Keeps the answer or the failure, then tells everybody.
    fn land(&self, started: Timestamp, outcome: Outcome) {
        let now = self.shared.clock.now();
        let mut cold = self.slot.cold();
        cold.flight = None;
        let told = match outcome {
            Ok(answer) => {
                cold.failure = None;
                self.slot.known.store(Some(Arc::new(Known {
                    answer: answer.clone(),
                    since: started,
                })));
                Ok(answer)
            }
            Err(error) => {
                trace::warn!(error = %error.report(), "an official account could not be asked for");
                cold.failure = Some(Failure {
                    error: error.clone(),
                    since: now,
                });
                self.slot.within(LONGEST_STALE, now).ok_or(error)
            }
        };
        drop(cold);
        self.told.send_replace(Some(told));
    }
}

impl Drop for Call {
    /// The transport has panicked, or the runtime shuts down.
    fn drop(&mut self) {
        if !self.landed {
            self.land(self.shared.clock.now(), Err(ended()));
        }
    }
}

fn ended() -> Error {
    Error::new(
        ErrorKind::Internal,
        "official account: the call ended without an answer",
    )
}
