//! Sessions in this process, on moka.

use std::fmt;
use std::future::{Ready, ready};
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{LoadResult, Lookup, SessionStore};
use crate::error::Error;
use crate::identity::Identity;
use crate::session::{IdHasher, Session, SessionId};

/// Sessions in this process: bounded, nothing to install, gone when the process ends.
///
/// When it is full, the session that was not used for the longest time makes room. moka's default policy
/// would rather refuse the new one: 100 busy sessions could then lock everybody else out.
pub struct MemoryStore<I> {
    sessions: Cache<SessionId, Arc<Session<I>>, BuildHasherDefault<IdHasher>>,
}

impl<I: Identity> MemoryStore<I> {
    /// A store for up to 100,000 sessions.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A store with other bounds.
    #[must_use]
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder { capacity: 100_000 }
    }

    /// How many sessions there are, about; ended ones may still be counted for a moment.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.sessions.entry_count()
    }

    /// Whether there is no session, about.
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

impl<I> Clone for MemoryStore<I> {
    fn clone(&self) -> Self {
        Self { sessions: self.sessions.clone() }
    }
}

impl<I> fmt::Debug for MemoryStore<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl<I: Identity> SessionStore<I> for MemoryStore<I> {
    type Load = Ready<LoadResult<I>>;

    fn load(&self, id: &SessionId) -> Lookup<I, Self::Load> {
        Lookup::Ready(Ok(self.sessions.get(id)))
    }

    fn insert(&self, session: Session<I>) -> impl Future<Output = Result<(), Error>> + Send {
        self.sessions.insert(*session.id(), Arc::new(session));
        ready(Ok(()))
    }

    fn remove(&self, id: &SessionId) -> impl Future<Output = Result<(), Error>> + Send {
        self.sessions.invalidate(id);
        ready(Ok(()))
    }

    fn remove_subject(&self, subject: &str) -> impl Future<Output = Result<(), Error>> + Send {
        // A scan, because an index would have to be paid for by every login and kept in step with eviction.
        for (id, session) in &self.sessions {
            if session.identity().subject() == subject {
                self.sessions.invalidate(&*id);
            }
        }
        ready(Ok(()))
    }

    fn remove_all(&self) -> impl Future<Output = Result<(), Error>> + Send {
        self.sessions.invalidate_all();
        ready(Ok(()))
    }
}

/// Bounds of a [`MemoryStore`].
#[derive(Clone, Debug)]
pub struct MemoryStoreBuilder {
    capacity: u64,
}

impl MemoryStoreBuilder {
    /// How many sessions are kept at most.
    #[must_use]
    pub fn capacity(mut self, sessions: u64) -> Self {
        self.capacity = sessions;
        self
    }

    /// The store.
    #[must_use]
    pub fn build<I: Identity>(self) -> MemoryStore<I> {
        let sessions = Cache::builder()
            .max_capacity(self.capacity)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(AtAbsoluteEnd)
            .build_with_hasher(BuildHasherDefault::default());
        MemoryStore { sessions }
    }
}

/// Gives the memory of a session back when its absolute end has passed. Only housekeeping: whether a
/// session counts is decided by [`Session::is_live`], on the clock of the layer.
struct AtAbsoluteEnd;

impl<I> Expiry<SessionId, Arc<Session<I>>> for AtAbsoluteEnd {
    fn expire_after_create(&self, _: &SessionId, session: &Arc<Session<I>>, _: Instant) -> Option<Duration> {
        Some(session.ends().since(session.created()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::session::Lifetime;

    #[derive(Debug)]
    struct Person(String);

    impl Identity for Person {
        fn subject(&self) -> &str {
            &self.0
        }
    }

    fn session(subject: &str) -> Session<Person> {
        let start = Timestamp::from_unix_seconds(1_000_000);
        Session::begin(SessionId::random().unwrap(), Person(subject.to_owned()), Lifetime::default(), start)
    }

    async fn insert(store: &MemoryStore<Person>, subject: &str) -> SessionId {
        let session = session(subject);
        let id = *session.id();
        store.insert(session).await.unwrap();
        id
    }

    fn is_there(store: &MemoryStore<Person>, id: &SessionId) -> bool {
        match store.load(id) {
            Lookup::Ready(found) => found.unwrap().is_some_and(|session| session.id() == id),
            Lookup::Pending(_) => false,
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_found_and_what_is_removed_is_not() {
        let store = MemoryStore::new();
        let [one, two] = [insert(&store, "a").await, insert(&store, "a").await];
        assert!(is_there(&store, &one) && is_there(&store, &two));
        assert!(!is_there(&store, &SessionId::random().unwrap()));
        store.remove(&one).await.unwrap();
        assert!(!is_there(&store, &one) && is_there(&store, &two));
    }

    #[tokio::test]
    async fn all_sessions_of_one_subject_end_and_no_other() {
        let store = MemoryStore::new();
        let mut of_a = Vec::new();
        let mut of_b = Vec::new();
        for _ in 0..500 {
            of_a.push(insert(&store, "a").await);
            of_b.push(insert(&store, "b").await);
        }
        store.remove_subject("a").await.unwrap();
        assert!(of_a.iter().all(|id| !is_there(&store, id)));
        assert!(of_b.iter().all(|id| is_there(&store, id)));
    }

    #[tokio::test]
    async fn all_sessions_end_and_new_ones_begin() {
        let store = MemoryStore::new();
        let old = insert(&store, "a").await;
        store.remove_all().await.unwrap();
        assert!(!is_there(&store, &old));
        let new = insert(&store, "a").await;
        assert!(is_there(&store, &new));
    }

    #[tokio::test]
    async fn full_store_never_refuses_a_new_login() {
        let store = MemoryStore::<Person>::builder().capacity(100).build();
        let mut hot = Vec::new();
        for _ in 0..100 {
            hot.push(insert(&store, "hot").await);
        }
        let mut refused = 0;
        for _ in 0..200 {
            for _ in 0..10 {
                assert!(hot.iter().filter(|id| is_there(&store, id)).count() <= 100);
            }
            let new = insert(&store, "new").await;
            store.sessions.run_pending_tasks();
            refused += usize::from(!is_there(&store, &new));
        }
        assert_eq!(refused, 0);
        assert!(store.len() <= 100);
    }
}
