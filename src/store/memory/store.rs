use std::future::{Ready, ready};
use std::sync::Arc;

use derive_where::derive_where;

use super::MemoryStoreBuilder;
use super::content::Content;
use super::revocations::Scope;
use crate::error::Error;
use crate::identity::Identity;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};
use crate::store::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp};

/// Sessions in the memory of this process: bounded, without set-up, lost when the process exits.
///
/// A look-up takes no lock. A new login is never rejected; the store evicts another session
/// instead:
///
/// 1. If the subject has [the maximum number of
///    sessions](MemoryStoreBuilder::sessions_per_subject), its least recently used one.
/// 2. If the store is full, the least recently used one of the same subject; else one of a subject
///    that has several; else, where no subject has several, one that was not used recently.
///
/// Expired sessions are removed by the first login after ten minutes without such a sweep.
#[derive_where(Clone, Debug)]
pub struct MemoryStore<I>(#[derive_where(skip(Debug))] pub(super) Arc<Content<I>>);

impl<I: Identity> MemoryStore<I> {
    /// Creates a store for up to 100,000 sessions, and 50 of each subject.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Creates a builder, for other limits.
    #[must_use]
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder::new()
    }

    pub(super) fn with_content(content: Content<I>) -> Self {
        Self(Arc::new(content))
    }

    /// Returns the number of sessions; expired ones count until they are removed.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::try_from(self.0.sessions.len()).unwrap_or(u64::MAX)
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<I: Identity> Default for MemoryStore<I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: Identity> SessionStore<I> for MemoryStore<I> {
    type Load = Ready<LoadResult<I>>;

    #[inline]
    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        let found = self.0.sessions.read(id, |session, ()| {
            let is_of_namespace = session.namespace() == namespace;
            is_of_namespace.then(|| Arc::clone(session))
        });
        Lookup::Ready(Ok(found))
    }

    fn stamp(&self, _namespace: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send {
        ready(Ok(self.0.bookkeeping.lock().revocations.stamp()))
    }

    fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send {
        ready(Ok(self.0.insert(session, previous, since)))
    }

    fn remove(
        &self,
        namespace: &Namespace,
        id: &SessionId,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        let mut bookkeeping = self.0.bookkeeping.lock();
        ready(Ok(self.0.revoke(&mut bookkeeping, namespace, id)))
    }

    fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        let mut bookkeeping = self.0.bookkeeping.lock();
        let id = bookkeeping
            .subjects
            .sessions_of(namespace, subject)
            .map(|found| *found.id())
            .find(|id| id.digest() == *session);
        let revoked = id.is_some_and(|id| self.0.revoke(&mut bookkeeping, namespace, &id));
        ready(Ok(revoked))
    }

    fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let mut bookkeeping = self.0.bookkeeping.lock();
        let scope = Scope::Subject(*namespace, subject.into());
        bookkeeping.revocations.record(scope);
        let sessions: Vec<_> = bookkeeping
            .subjects
            .sessions_of(namespace, subject)
            .filter(|session| Some(session.id()) != kept)
            .cloned()
            .collect();
        for session in &sessions {
            self.0.evict(&mut bookkeeping, session);
        }
        ready(Ok(()))
    }

    fn remove_all(&self, namespace: &Namespace) -> impl Future<Output = Result<(), Error>> + Send {
        let mut bookkeeping = self.0.bookkeeping.lock();
        bookkeeping.revocations.record(Scope::Namespace(*namespace));
        self.0
            .remove_where(&mut bookkeeping, |session| session.namespace() == namespace);
        ready(Ok(()))
    }

    fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> impl Future<Output = Result<Vec<SessionInfo>, Error>> + Send {
        let bookkeeping = self.0.bookkeeping.lock();
        let sessions = bookkeeping.subjects.sessions_of(namespace, subject);
        // Described without the lock, which logins wait for.
        let sessions: Vec<_> = sessions.cloned().collect();
        drop(bookkeeping);
        let infos = sessions.iter().map(|session| SessionInfo::of(session));
        ready(Ok(infos.collect()))
    }
}
