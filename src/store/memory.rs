//! Sessions in this process.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::table::{Key, Table};
use super::{LoadResult, Lookup, SessionStore};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::identity::Identity;
use crate::session::{Session, SessionId};

/// Sessions in this process: bounded, nothing to install, gone when the process ends.
///
/// A look-up takes no lock. When the store is full, a session makes room that was not used for long; a new login is
/// never refused. Sessions that have ended are cleared away by the first login after ten minutes without such a sweep.
pub struct MemoryStore<I> {
    shared: Arc<Shared<I>>,
}

struct Shared<I> {
    sessions: Table<SessionId, I>,
    /// When ended sessions were last cleared away, in milliseconds on the timeline of the process.
    swept: AtomicU64,
}

impl Key for SessionId {
    fn of<I>(session: &Session<I>) -> Self {
        *session.id()
    }
}

/// The time between two sweeps.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10 * 60);

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

    /// How many sessions there are; ended ones count until they are cleared away.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::try_from(self.shared.sessions.len()).unwrap_or(u64::MAX)
    }

    /// Clears ended sessions away, if nobody has for a while. Only housekeeping: whether a session counts is
    /// decided by [`Session::is_live`].
    fn sweep(&self, now: Timestamp) {
        let swept = &self.shared.swept;
        let last = swept.load(Ordering::Relaxed);
        let is_due = now.since(Timestamp::from_unix_millis(last)) >= SWEEP_INTERVAL;
        let is_ours = || swept.compare_exchange(last, now.unix_millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_due && is_ours() {
            self.shared.sessions.remove_where(|session| !session.is_live(now));
        }
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

impl<I> Clone for MemoryStore<I> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<I> fmt::Debug for MemoryStore<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl<I: Identity> SessionStore<I> for MemoryStore<I> {
    type Load = Ready<LoadResult<I>>;

    #[inline]
    fn load(&self, id: &SessionId) -> Lookup<I, Self::Load> {
        Lookup::Ready(Ok(self.shared.sessions.get(id)))
    }

    fn insert(&self, session: Session<I>) -> impl Future<Output = Result<(), Error>> + Send {
        self.sweep(session.created());
        self.shared.sessions.insert(Arc::new(session));
        ready(Ok(()))
    }

    fn remove(&self, id: &SessionId) -> impl Future<Output = Result<(), Error>> + Send {
        self.shared.sessions.remove(id);
        ready(Ok(()))
    }

    fn remove_subject(&self, subject: &str) -> impl Future<Output = Result<(), Error>> + Send {
        // A scan, because an index would have to be paid for by every login and kept in step with eviction.
        self.shared.sessions.remove_where(|session| session.identity().subject() == subject);
        ready(Ok(()))
    }

    fn remove_all(&self) -> impl Future<Output = Result<(), Error>> + Send {
        self.shared.sessions.clear();
        ready(Ok(()))
    }
}

/// Bounds of a [`MemoryStore`].
#[derive(Clone, Debug)]
pub struct MemoryStoreBuilder {
    capacity: u64,
}

impl MemoryStoreBuilder {
    /// How many sessions are kept at most; there is room for one in any case. Whoever is busy is safe while fewer log
    /// in during a minute.
    #[must_use]
    pub fn capacity(mut self, sessions: u64) -> Self {
        self.capacity = sessions;
        self
    }

    /// The store.
    #[must_use]
    pub fn build<I: Identity>(self) -> MemoryStore<I> {
        let sessions = Table::new(usize::try_from(self.capacity).unwrap_or(usize::MAX));
        MemoryStore { shared: Arc::new(Shared { sessions, swept: AtomicU64::default() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Lifetime;

    #[derive(Debug)]
    struct Person(String);

    impl Identity for Person {
        fn subject(&self) -> &str {
            &self.0
        }
    }

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    async fn insert(store: &MemoryStore<Person>, subject: &str) -> SessionId {
        insert_at(store, subject, START).await
    }

    async fn insert_at(store: &MemoryStore<Person>, subject: &str, now: Timestamp) -> SessionId {
        let id = SessionId::random().unwrap();
        let session = Session::begin(id, Person(subject.to_owned()), Lifetime::default(), now);
        store.insert(session).await.unwrap();
        id
    }

    fn is_there(store: &MemoryStore<Person>, id: &SessionId) -> bool {
        match store.load(id) {
            Lookup::Ready(found) => found.unwrap().is_some_and(|session| session.id() == id),
            Lookup::Pending(_) => false,
        }
    }

    crate::store_contract!(async { MemoryStore::new() }, |number| Person(number.to_string()));

    #[tokio::test]
    async fn ended_sessions_are_cleared_away_by_a_later_login() {
        let store = MemoryStore::new();
        let idle = insert(&store, "idle").await;
        let half_way = START.plus(Duration::from_secs(20 * 60));
        let live = insert_at(&store, "live", half_way).await;
        assert!(is_there(&store, &idle), "it has not ended yet");
        insert_at(&store, "new", START.plus(Duration::from_secs(40 * 60))).await;
        assert!(!is_there(&store, &idle) && is_there(&store, &live));
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
            refused += usize::from(!is_there(&store, &new));
        }
        assert_eq!(refused, 0);
        assert!(store.len() <= 100);
    }
}
