//! One fetch that many wait for.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::AccessToken;
use crate::error::Error;

/// A fetch under way. It belongs to a task; those who wait only look on.
pub(super) struct Flight {
    outcome: OnceLock<Result<AccessToken, Error>>,
    landed: Arc<Notify>,
}

impl Flight {
    pub(super) fn new() -> Self {
        Self {
            outcome: OnceLock::new(),
            landed: Arc::new(Notify::new()),
        }
    }

    /// Tells everybody. The first outcome stands.
    pub(super) fn land(&self, outcome: Result<AccessToken, Error>) {
        if self.outcome.set(outcome).is_ok() {
            self.landed.notify_waiters();
        }
    }

    pub(super) fn outcome(&self) -> Option<&Result<AccessToken, Error>> {
        self.outcome.get()
    }

    /// Resolves when the flight has landed. Made before the outcome is looked at, it cannot miss the landing:
    /// `notify_waiters` wakes every `Notified` that exists, polled or not.
    pub(super) fn landed(&self) -> OwnedNotified {
        Arc::clone(&self.landed).notified_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn a_waiter_that_was_never_polled_is_woken() {
        let flight = Flight::new();
        let landed = flight.landed();
        flight.land(Ok(AccessToken::new("t")));
        landed.await;
        assert!(flight.outcome().unwrap().is_ok());
    }

    #[test]
    fn the_first_outcome_stands() {
        let flight = Flight::new();
        flight.land(Ok(AccessToken::new("t")));
        flight.land(Err(Error::new(ErrorKind::Internal, "late")));
        assert!(flight.outcome().unwrap().is_ok());
    }
}
