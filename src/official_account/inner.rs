//! State of the cache, shared by its clones.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::entry::{Entry, Key};
use super::lookup::Lookup;
use super::refresh::MAX_STALE;
use crate::client::kesion::KesionClient;
use crate::clock::Clock;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

pub(super) struct Inner {
    pub(super) client: KesionClient,
    pub(super) entries: Cache<Key, Arc<Entry>>,
    pub(super) time_to_live: Duration,
    pub(super) back_off: Duration,
    pub(super) clock: Clock,
}

impl Inner {
    /// Returns the answer if it is fresh. Starts no call.
    pub(super) fn peek(&self, key: Key) -> Option<AccountAuthorization> {
        let entry = self.entries.get(&key)?;
        entry.within(self.time_to_live, self.clock.now())
    }

    /// Drops the entry. A running call completes the dropped entry, which later callers do not see.
    pub(super) fn invalidate(&self, key: Key) {
        self.entries.invalidate(&key);
    }

    /// Returns the answer if it is fresh, and joins or starts a call otherwise.
    pub(super) fn look_up(self: &Arc<Self>, key: Key, token: &AppToken) -> Lookup {
        let entry = self.entries.get_with(key, Arc::default);
        match entry.within(self.time_to_live, self.clock.now()) {
            Some(answer) => Lookup::Ready(Ok(answer)),
            None => self.join(entry, token),
        }
    }

    /// Returns the answer, fresh or stale, without waiting. Starts a call if it is not fresh.
    pub(super) fn cached(
        self: &Arc<Self>,
        key: Key,
        token: &AppToken,
    ) -> Option<AccountAuthorization> {
        match self.look_up(key, token) {
            Lookup::Ready(outcome) => outcome.ok(),
            Lookup::Waiting(_) => {
                let entry = self.entries.get(&key)?;
                entry.within(MAX_STALE, self.clock.now())
            }
        }
    }
}
