use std::fmt;
use std::sync::Arc;

use derive_where::derive_where;
use parking_lot::Mutex;

use super::confirmation::{Confirmation, Freshness};
use super::{CacheValidity, Invalidate};
use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::session::Namespace;
use crate::session::Session;
use crate::session::SessionDigest;
#[cfg(simulation)]
use crate::simulation::PlantedFault;
use crate::store::session_map::SessionMap;

/// Local cache of the sessions of a store outside this process, by the digests of their ids.
///
/// A cached session is served only while the [validity window](CacheValidity) is open, and for 60 s
/// after the store confirmed it (rule S7): a record can be lost at the store without a message. See
/// [the module](crate::store::external#local-cache) for the order of calls.
pub struct LocalCache<I> {
    sessions: SessionMap<SessionDigest, I, Confirmation>,
    pub(super) validity: Arc<CacheValidity>,
    /// The number of invalidations and uses so far. Locked by every change of the cache, never by a
    /// look-up.
    generation: Mutex<u64>,
}

/// A cached session that may be served.
#[derive_where(Debug; I: fmt::Debug)]
#[non_exhaustive]
pub struct Cached<I> {
    /// The session.
    pub session: Arc<Session<I>>,
    /// Whether the caller should have the session confirmed in the background.
    pub is_refresh_due: bool,
}

/// Start of a read at the store.
#[derive(Clone, Copy, Debug)]
pub struct ReadStart {
    generation: u64,
    at: Timestamp,
}

impl ReadStart {
    pub(super) fn at(self) -> Timestamp {
        self.at
    }
}

impl<I: Send + Sync + 'static> LocalCache<I> {
    /// Creates a cache of at most `capacity` sessions. Several caches may have one validity window.
    #[must_use]
    pub fn new(capacity: u64, validity: Arc<CacheValidity>) -> Self {
        Self {
            sessions: SessionMap::new(usize::try_from(capacity).unwrap_or(usize::MAX)),
            validity,
            generation: Mutex::new(0),
        }
    }

    /// Returns a session that may be served. An expired one may not: it may have been used at
    /// another instance since.
    #[must_use]
    pub fn get(&self, key: &SessionDigest, now: Timestamp) -> Option<Cached<I>> {
        if !self.validity.includes(now) {
            return None;
        }
        self.sessions.read(key, |session, confirmation| {
            if !session.is_live(now) {
                return None;
            }
            let is_refresh_due = match confirmation.freshness(now) {
                Freshness::Fresh => false,
                Freshness::RefreshDue => true,
                Freshness::TooOld => return None,
            };
            Some(Cached {
                session: Arc::clone(session),
                is_refresh_due,
            })
        })
    }

    /// Marks the start of a read. To be called before the store is read.
    #[must_use]
    pub fn start_read(&self, now: Timestamp) -> ReadStart {
        ReadStart {
            generation: *self.generation.lock(),
            at: now,
        }
    }

    /// Caches a session that the store has returned, unless there was a change since the
    /// read started: the change may concern this session.
    pub fn insert(&self, session: &Arc<Session<I>>, read: ReadStart) {
        let generation = self.generation.lock();
        if *generation == read.generation {
            let confirmation = Confirmation::new(read);
            self.sessions
                .insert(Arc::clone(session), confirmation, |_| ());
        }
    }

    /// Records that the store has returned a session. If it was revoked meanwhile, it is not cached
    /// any more.
    pub fn confirm(&self, key: &SessionDigest, read: ReadStart) {
        self.sessions.read(key, |_, confirmation| {
            confirmation.renew(read);
            Some(())
        });
    }

    /// Drops a session that the store does not have. This does not invalidate reads of other sessions.
    pub fn drop_absent(&self, key: &SessionDigest) {
        let _generation = self.generation.lock();
        self.sessions.remove(key);
    }

    /// Records that the store has recorded a use. The cached instance of the session may be another one
    /// than that which was used, and earlier reads do not have the use.
    pub fn touch(&self, key: &SessionDigest, used: Timestamp, read: ReadStart) {
        let mut generation = self.generation.lock();
        *generation += 1;
        self.sessions.read(key, |session, confirmation| {
            session.touch(used);
            confirmation.renew(read);
            Some(())
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }
}

impl<I: Identity> Invalidate for LocalCache<I> {
    fn invalidate(&self, session: &SessionDigest) {
        #[cfg(simulation)]
        if PlantedFault::Invalidation.is_planted() {
            return;
        }
        let mut generation = self.generation.lock();
        *generation += 1;
        self.sessions.remove(session);
    }

    fn invalidate_where(&self, is_revoked: &dyn Fn(&Namespace, &str) -> bool) {
        let mut generation = self.generation.lock();
        *generation += 1;
        self.sessions
            .remove_where(|session| is_revoked(session.namespace(), session.identity().subject()));
    }

    fn invalidate_all(&self) {
        let mut generation = self.generation.lock();
        *generation += 1;
        self.sessions.clear();
    }
}

impl<I> fmt::Debug for LocalCache<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCache")
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}
