use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::confirmation::{Confirmation, Freshness};
use super::{CacheValidity, Invalidate, SessionDigest};
use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::session::Namespace;
use crate::session::Session;
use crate::store::session_map::SessionMap;

/// Local cache of sessions, by the digests of their ids.
pub(in crate::store) struct LocalCache<I> {
    sessions: SessionMap<SessionDigest, I, Confirmation>,
    pub(super) validity: Arc<CacheValidity>,
    /// The number of invalidations and uses so far. Locked by every change of the cache, never by a
    /// look-up.
    generation: Mutex<u64>,
}

/// A cached session that may be served.
pub(in crate::store) struct Cached<I> {
    pub(in crate::store) session: Arc<Session<I>>,
    /// Whether the caller should have the session confirmed in the background.
    pub(in crate::store) is_refresh_due: bool,
}

/// Start of a read at the remote store.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct ReadStart {
    generation: u64,
    at: Timestamp,
}

impl ReadStart {
    pub(super) fn at(self) -> Timestamp {
        self.at
    }
}

impl<I: Send + Sync + 'static> LocalCache<I> {
    pub(in crate::store) fn new(capacity: u64, validity: Arc<CacheValidity>) -> Self {
        Self {
            sessions: SessionMap::new(usize::try_from(capacity).unwrap_or(usize::MAX)),
            validity,
            generation: Mutex::new(0),
        }
    }

    /// Returns a session that may be served. An expired one may not: it may have been used at
    /// another instance since.
    pub(in crate::store) fn get(&self, key: &SessionDigest, now: Timestamp) -> Option<Cached<I>> {
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

    /// To be called before the remote store is read.
    pub(in crate::store) fn start_read(&self, now: Timestamp) -> ReadStart {
        ReadStart {
            generation: *self.generation.lock(),
            at: now,
        }
    }

    /// Caches a session that the remote store has returned, unless there was a change since the
    /// read started: the change may concern this session.
    pub(in crate::store) fn insert(&self, session: &Arc<Session<I>>, read: ReadStart) {
        let generation = self.generation.lock();
        if *generation == read.generation {
            let confirmation = Confirmation::new(read);
            self.sessions
                .insert(Arc::clone(session), confirmation, |_| ());
        }
    }

    /// The remote store has returned a session. If it was revoked meanwhile, it is not cached any
    /// more.
    pub(in crate::store) fn confirm(&self, key: &SessionDigest, read: ReadStart) {
        self.sessions.read(key, |_, confirmation| {
            confirmation.renew(read);
            Some(())
        });
    }

    /// The remote store has no such session. This does not invalidate reads of other sessions.
    pub(in crate::store) fn drop_absent(&self, key: &SessionDigest) {
        let _generation = self.generation.lock();
        self.sessions.remove(key);
    }

    /// The remote store has recorded a use. The cached instance of the session may be another one
    /// than that which was used, and earlier reads do not have the use.
    pub(in crate::store) fn touch(&self, key: &SessionDigest, used: Timestamp, read: ReadStart) {
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
