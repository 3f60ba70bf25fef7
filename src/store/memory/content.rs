//! Sessions of a store in memory, and what their limits need.

use std::iter::once_with;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::revocations::{Revocations, Scope};
use super::subject_index::SubjectIndex;
use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::session::Namespace;
use crate::session::{Session, SessionId};
use crate::store::session_map::SessionMap;
use crate::store::{Inserted, Previous, Stamp};
use crate::trace::debug;

/// The time between two sweeps for expired sessions.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10 * 60);

pub(super) struct Content<I> {
    pub(super) sessions: SessionMap<SessionId, I>,
    capacity: usize,
    per_subject: Option<usize>,
    /// Locked by every change of the sessions, never by a look-up.
    pub(super) bookkeeping: Mutex<Bookkeeping<I>>,
}

/// State that only changes need.
pub(super) struct Bookkeeping<I> {
    pub(super) subjects: SubjectIndex<I>,
    pub(super) revocations: Revocations,
    /// When expired sessions were last removed.
    swept: Timestamp,
}

impl<I: Identity> Content<I> {
    pub(super) fn new(capacity: usize, per_subject: Option<usize>) -> Self {
        Self {
            sessions: SessionMap::new(capacity),
            capacity,
            per_subject,
            bookkeeping: Mutex::new(Bookkeeping {
                subjects: SubjectIndex::new(),
                revocations: Revocations::default(),
                swept: Timestamp::from_unix_millis(0),
            }),
        }
    }

    pub(super) fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Inserted {
        let mut bookkeeping = self.bookkeeping.lock();
        let bookkeeping = &mut *bookkeeping;
        self.sweep(bookkeeping, session.created());
        let (namespace, subject) = (*session.namespace(), session.identity().subject());
        // Computed only if there was a revocation since the stamp.
        let scopes = once_with(|| Scope::Namespace(namespace))
            .chain(once_with(|| Scope::Subject(namespace, subject.into())))
            .chain(previous.map(|previous| Scope::Session(*previous.id())));
        let is_revoked = bookkeeping.revocations.is_any_revoked(scopes, since);
        let replaced = match previous {
            None => None,
            Some(Previous::Replaced(id)) => Some(id),
            Some(Previous::Concurrent(id)) => Some(id).filter(|id| {
                let found = self.sessions.get(id);
                found.is_none_or(|found| found.identity().subject() != subject)
            }),
        };
        if let Some(id) = replaced {
            self.remove(bookkeeping, &namespace, id);
        }
        if is_revoked {
            return Inserted::Revoked;
        }
        self.evict_for(bookkeeping, &session);
        let session = Arc::new(session);
        if let Some(same) = self.sessions.get(session.id()) {
            bookkeeping.subjects.remove(&same);
        }
        bookkeeping.subjects.add(Arc::clone(&session));
        self.sessions
            .insert(session, (), |evicted| bookkeeping.subjects.remove(evicted));
        Inserted::Kept
    }

    /// Removes expired sessions, if that is due. This only frees memory: [`Session::is_live`]
    /// decides whether a session has expired.
    fn sweep(&self, bookkeeping: &mut Bookkeeping<I>, now: Timestamp) {
        if now.since(bookkeeping.swept) >= SWEEP_INTERVAL {
            bookkeeping.swept = now;
            self.remove_where(bookkeeping, |session| !session.is_live(now));
        }
    }

    /// Evicts a session of the same subject, or of one that has several, where a limit is reached.
    fn evict_for(&self, bookkeeping: &mut Bookkeeping<I>, new: &Session<I>) {
        let (namespace, subject) = (new.namespace(), new.identity().subject());
        let subjects = &bookkeeping.subjects;
        if let Some(most) = self.per_subject
            && subjects.has_at_least(most, namespace, subject)
            && let Some(oldest) = subjects.least_recently_used(namespace, subject)
        {
            debug!(
                "store: a subject has its maximum number of sessions; the least recently used one is evicted"
            );
            self.evict(bookkeeping, &oldest);
        }
        if self.sessions.len() < self.capacity {
            return;
        }
        let subjects = &mut bookkeeping.subjects;
        let same_subject = subjects.least_recently_used(namespace, subject);
        if let Some(evicted) = same_subject.or_else(|| subjects.least_recently_used_of_several()) {
            debug!(
                "store: full; the least recently used session of a subject with several is evicted"
            );
            self.evict(bookkeeping, &evicted);
        }
    }

    pub(super) fn evict(&self, bookkeeping: &mut Bookkeeping<I>, session: &Arc<Session<I>>) {
        bookkeeping.subjects.remove(session);
        self.sessions.remove(session.id());
    }

    /// Removes a session. Returns whether there was one.
    pub(super) fn remove(
        &self,
        bookkeeping: &mut Bookkeeping<I>,
        namespace: &Namespace,
        id: &SessionId,
    ) -> bool {
        let session = self
            .sessions
            .get(id)
            .filter(|session| session.namespace() == namespace);
        if let Some(session) = &session {
            self.evict(bookkeeping, session);
        }
        session.is_some()
    }

    /// Removes a session, and the pending login that would replace it. Returns whether there was
    /// one.
    pub(super) fn revoke(
        &self,
        bookkeeping: &mut Bookkeeping<I>,
        namespace: &Namespace,
        id: &SessionId,
    ) -> bool {
        let was_there = self.remove(bookkeeping, namespace, id);
        // Not for an unknown id: any client can name one.
        if was_there {
            bookkeeping.revocations.record(Scope::Session(*id));
        }
        was_there
    }

    /// Removes sessions by the index, so that the index and the map never disagree.
    pub(super) fn remove_where(
        &self,
        bookkeeping: &mut Bookkeeping<I>,
        is_removed: impl Fn(&Session<I>) -> bool,
    ) {
        for session in bookkeeping.subjects.remove_where(is_removed) {
            self.sessions.remove(session.id());
        }
        self.sessions.compact();
    }
}
