//! Sessions in this process.

use std::fmt;
use std::future::{Ready, ready};
use std::iter::once_with;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::marks::{Marks, Revoked};
use super::subjects::Subjects;
use super::table::{Key, Table};
use super::{Inserted, LoadResult, Lookup, Namespace, SessionStore, Stamp};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::identity::Identity;
use crate::session::{Session, SessionId};
use crate::trace::debug;

/// Sessions in this process: bounded, nothing to install, gone when the process ends.
///
/// A look-up takes no lock. A new login is never refused; a session makes room for it:
///
/// 1. If the subject has [as many sessions as it may](MemoryStoreBuilder::sessions_per_subject), its least recently
///    used one.
/// 2. If the store is full, the least recently used one of the same subject; else one of a subject that has several;
///    else, where all subjects are distinct, one that was not used for long.
///
/// Sessions that have ended are cleared away by the first login after ten minutes without such a sweep.
pub struct MemoryStore<I> {
    shared: Arc<Shared<I>>,
}

struct Shared<I> {
    sessions: Table<SessionId, I>,
    capacity: usize,
    per_subject: Option<usize>,
    /// Locked for every change of the sessions, and never while one is looked up.
    books: Mutex<Books<I>>,
    /// When expired sessions were last cleared away, in milliseconds on the timeline of the process.
    swept: AtomicU64,
}

/// The facts that only changes need.
struct Books<I> {
    subjects: Subjects<I>,
    marks: Marks,
}

impl Key for SessionId {
    fn of<I>(session: &Session<I>) -> Self {
        *session.id()
    }
}

/// The time between two sweeps.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10 * 60);

impl<I: Identity> MemoryStore<I> {
    /// A store for up to 100,000 sessions, and 50 of each subject.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A store with other bounds.
    #[must_use]
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder {
            capacity: 100_000,
            per_subject: Some(50),
        }
    }

    /// How many sessions there are; ended ones count until they are cleared away.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::try_from(self.shared.sessions.len()).unwrap_or(u64::MAX)
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<I: Identity> Shared<I> {
    fn books(&self) -> MutexGuard<'_, Books<I>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears ended sessions away, if that is due. Only housekeeping: whether a session counts is decided by
    /// [`Session::is_live`].
    fn sweep(&self, books: &mut Books<I>, now: Timestamp) {
        let last = self.swept.load(Ordering::Relaxed);
        if now.since(Timestamp::from_unix_millis(last)) >= SWEEP_INTERVAL {
            self.swept.store(now.unix_millis(), Ordering::Relaxed);
            self.remove_where(books, |session| !session.is_live(now));
        }
    }

    fn insert(&self, session: Session<I>, former: Option<&SessionId>, since: Stamp) -> Inserted {
        let mut books = self.books();
        let books = &mut *books;
        self.sweep(books, session.created());
        let (namespace, subject) = (*session.namespace(), session.identity().subject());
        // Made only if there was a revocation since the stamp.
        let revocations = once_with(|| Revoked::All(namespace))
            .chain(once_with(|| Revoked::Subject(namespace, subject.into())))
            .chain(former.copied().map(Revoked::Session));
        let is_revoked = books.marks.cover(revocations, since);
        if let Some(former) = former {
            self.remove(books, &namespace, former);
        }
        if is_revoked {
            return Inserted::Revoked;
        }
        self.make_room(books, &session);
        let session = Arc::new(session);
        if let Some(same) = self.sessions.get(session.id()) {
            books.subjects.remove(&same);
        }
        books.subjects.add(Arc::clone(&session));
        self.sessions
            .insert(session, (), |evicted| books.subjects.remove(evicted));
        Inserted::Kept
    }

    /// Evicts sessions of the same subject, or of one that has several, where the bounds ask for it.
    fn make_room(&self, books: &mut Books<I>, session: &Session<I>) {
        let (namespace, subject) = (session.namespace(), session.identity().subject());
        if let Some(most) = self.per_subject
            && books
                .subjects
                .of(namespace, subject)
                .nth(most - 1)
                .is_some()
            && let Some(oldest) = books.subjects.least_recently_used(namespace, subject)
        {
            debug!(
                "store: a subject has the most sessions that it may; its least recently used one is evicted"
            );
            self.evict(books, &oldest);
        }
        if self.sessions.len() < self.capacity {
            return;
        }
        let own = books.subjects.least_recently_used(namespace, subject);
        if let Some(evicted) = own.or_else(|| books.subjects.superfluous()) {
            debug!(
                "store: full; the least recently used session of a subject with several is evicted"
            );
            self.evict(books, &evicted);
        }
    }

    fn evict(&self, books: &mut Books<I>, session: &Arc<Session<I>>) {
        books.subjects.remove(session);
        self.sessions.remove(session.id());
    }

    /// Whether there was such a session.
    fn remove(&self, books: &mut Books<I>, namespace: &Namespace, id: &SessionId) -> bool {
        let session = self
            .sessions
            .get(id)
            .filter(|session| session.namespace() == namespace);
        if let Some(session) = &session {
            self.evict(books, session);
        }
        session.is_some()
    }

    /// The index decides which ones go, so that it and the table never disagree.
    fn remove_where(&self, books: &mut Books<I>, is_over: impl Fn(&Session<I>) -> bool) {
        for session in books.subjects.remove_where(is_over) {
            self.sessions.remove(session.id());
        }
        self.sessions.tidy();
    }
}

impl<I: Identity> Default for MemoryStore<I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I> Clone for MemoryStore<I> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
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
    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        let found = self.shared.sessions.look(id, |session, ()| {
            let is_of_namespace = session.namespace() == namespace;
            is_of_namespace.then(|| Arc::clone(session))
        });
        Lookup::Ready(Ok(found))
    }

    fn stamp(&self, _namespace: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send {
        ready(Ok(self.shared.books().marks.stamp()))
    }

    fn insert(
        &self,
        session: Session<I>,
        former: Option<&SessionId>,
        since: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send {
        ready(Ok(self.shared.insert(session, former, since)))
    }

    fn remove(
        &self,
        namespace: &Namespace,
        id: &SessionId,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let mut books = self.shared.books();
        // Not for an unknown id: any client can name those.
        if self.shared.remove(&mut books, namespace, id) {
            books.marks.mark(Revoked::Session(*id));
        }
        ready(Ok(()))
    }

    fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let mut books = self.shared.books();
        books
            .marks
            .mark(Revoked::Subject(*namespace, subject.into()));
        let sessions: Vec<_> = books.subjects.of(namespace, subject).cloned().collect();
        sessions
            .iter()
            .for_each(|session| self.shared.evict(&mut books, session));
        ready(Ok(()))
    }

    fn remove_all(&self, namespace: &Namespace) -> impl Future<Output = Result<(), Error>> + Send {
        let mut books = self.shared.books();
        books.marks.mark(Revoked::All(*namespace));
        self.shared
            .remove_where(&mut books, |session| session.namespace() == namespace);
        ready(Ok(()))
    }
}

/// Bounds of a [`MemoryStore`].
#[derive(Clone, Debug)]
pub struct MemoryStoreBuilder {
    capacity: u64,
    per_subject: Option<u64>,
}

impl MemoryStoreBuilder {
    /// How many sessions are kept at most; there is room for one in any case. A session in use is safe while fewer
    /// sessions of other subjects begin during a minute.
    #[must_use]
    pub fn capacity(mut self, sessions: u64) -> Self {
        self.capacity = sessions;
        self
    }

    /// How many sessions of one subject are kept at most, one at least; 50 unless set, as many as there is room for with
    /// `None`. With 1, a login ends the sessions of the same account in other browsers.
    #[must_use]
    pub fn sessions_per_subject(mut self, sessions: impl Into<Option<u64>>) -> Self {
        self.per_subject = sessions.into();
        self
    }

    /// The store.
    #[must_use]
    pub fn build<I: Identity>(self) -> MemoryStore<I> {
        let bound = |sessions: u64| usize::try_from(sessions).unwrap_or(usize::MAX).max(1);
        let capacity = bound(self.capacity);
        MemoryStore {
            shared: Arc::new(Shared {
                sessions: Table::new(capacity),
                capacity,
                per_subject: self.per_subject.map(bound),
                books: Mutex::new(Books {
                    subjects: Subjects::new(),
                    marks: Marks::default(),
                }),
                swept: AtomicU64::default(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionTimeouts;

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
        insert_in(store, Namespace::default(), subject, now).await
    }

    async fn insert_in(
        store: &MemoryStore<Person>,
        login: Namespace,
        subject: &str,
        now: Timestamp,
    ) -> SessionId {
        let id = SessionId::random().unwrap();
        let session = Session::new(
            id,
            Person(subject.to_owned()),
            SessionTimeouts::default(),
            now,
        )
        .within(login);
        let since = store.stamp(&login).await.unwrap();
        assert_eq!(
            store.insert(session, None, since).await.unwrap(),
            Inserted::Kept
        );
        id
    }

    fn found(
        store: &MemoryStore<Person>,
        login: &Namespace,
        id: &SessionId,
    ) -> Option<Arc<Session<Person>>> {
        match store.load(login, id) {
            Lookup::Ready(found) => found.unwrap(),
            Lookup::Pending(_) => None,
        }
    }

    fn is_there(store: &MemoryStore<Person>, id: &SessionId) -> bool {
        found(store, &Namespace::default(), id).is_some_and(|session| session.id() == id)
    }

    /// The index holds exactly the sessions of the table.
    fn assert_consistent(store: &MemoryStore<Person>) {
        let mut books = store.shared.books();
        let len = store.shared.sessions.len();
        let indexed = books.subjects.remove_where(|_| true);
        assert_eq!(indexed.len(), len);
        for session in indexed {
            let kept = store.shared.sessions.get(session.id()).unwrap();
            assert!(Arc::ptr_eq(&kept, &session));
            books.subjects.add(session);
        }
    }

    crate::store_contract!(async { MemoryStore::new() }, |number| Person(
        number.to_string()
    ));

    #[tokio::test]
    async fn ended_sessions_are_cleared_away_by_a_later_login() {
        let store = MemoryStore::new();
        let idle = insert(&store, "idle").await;
        let half_way = START.plus(Duration::from_secs(20 * 60));
        let live = insert_at(&store, "live", half_way).await;
        assert!(is_there(&store, &idle), "it has not ended yet");
        insert_at(&store, "new", START.plus(Duration::from_secs(40 * 60))).await;
        assert!(!is_there(&store, &idle) && is_there(&store, &live));
        assert_consistent(&store);
    }

    #[tokio::test]
    async fn full_store_never_refuses_a_new_login() {
        let store = MemoryStore::<Person>::builder().capacity(100).build();
        for number in 0..100 {
            insert(&store, &format!("o{number}")).await;
        }
        for number in 0..200 {
            let new = insert(&store, &format!("new {number}")).await;
            assert!(is_there(&store, &new), "{number}");
        }
        assert_eq!(store.len(), 100);
        assert_consistent(&store);
    }

    #[tokio::test]
    async fn s6_subject_has_50_sessions_and_the_least_recently_used_one_goes_first() {
        let store = MemoryStore::new();
        let mut own = Vec::new();
        for second in 0..50 {
            own.push(insert_at(&store, "o1", START.plus(Duration::from_secs(second))).await);
        }
        let other_login = Namespace::new("weika", "KEY-B", "https://b.example");
        let other = insert_in(&store, other_login, "o1", START).await;
        assert!(own.iter().all(|id| is_there(&store, id)));
        found(&store, &Namespace::default(), &own[0])
            .unwrap()
            .touch(START.plus(Duration::from_secs(90)));
        let new = insert_at(&store, "o1", START.plus(Duration::from_secs(90))).await;
        assert!(
            is_there(&store, &own[0]) && is_there(&store, &new),
            "it was used a moment ago"
        );
        assert!(!is_there(&store, &own[1]), "it was used longest ago");
        assert!(own[2..].iter().all(|id| is_there(&store, id)));
        assert!(
            found(&store, &other_login, &other).is_some(),
            "the same subject at another login"
        );
        assert_consistent(&store);
    }

    #[tokio::test]
    async fn s6_limit_can_be_set_and_switched_off() {
        for (limit, kept) in [(Some(1), 1), (Some(3), 3), (Some(0), 1), (None, 200)] {
            let store = MemoryStore::<Person>::builder()
                .sessions_per_subject(limit)
                .build();
            for _ in 0..200 {
                insert(&store, "o1").await;
            }
            assert_eq!(store.len(), kept, "{limit:?}");
        }
    }

    #[tokio::test]
    async fn s6_101_000_logins_of_one_account_leave_all_others_alone_and_stay_quick() {
        for limit in [Some(50), None] {
            let store = MemoryStore::<Person>::builder()
                .sessions_per_subject(limit)
                .build();
            let mut others = Vec::new();
            for number in 0..1_000 {
                others.push(insert(&store, &format!("other {number}")).await);
            }
            let begun = tokio::time::Instant::now();
            for _ in 0..101_000 {
                insert(&store, "o1").await;
            }
            let taken = begun.elapsed();
            assert!(others.iter().all(|id| is_there(&store, id)), "{limit:?}");
            assert_eq!(store.len(), 1_000 + limit.unwrap_or(99_000));
            // 50 µs each, in a debug build on a busy machine; a scan of all sessions would take 100 times as long.
            assert!(taken < Duration::from_secs(30), "{limit:?}: {taken:?}");
            assert_consistent(&store);
        }
    }

    #[tokio::test]
    async fn s6_full_store_evicts_a_subject_with_several_sessions_before_all_others() {
        let store = MemoryStore::<Person>::builder().capacity(10).build();
        let mut single = Vec::new();
        for number in 0..5 {
            single.push(insert(&store, &format!("o{number}")).await);
        }
        for _ in 0..5 {
            insert(&store, "several").await;
        }
        for number in 5..9 {
            single.push(insert(&store, &format!("o{number}")).await);
            assert!(single.iter().all(|id| is_there(&store, id)), "{number}");
        }
        insert(&store, "one more").await;
        assert!(!is_there(&store, &single[0]), "all subjects are distinct");
        assert_eq!(store.len(), 10);
        assert_consistent(&store);
    }

    #[tokio::test]
    async fn full_store_makes_room_with_a_session_of_the_same_subject() {
        let store = MemoryStore::<Person>::builder().capacity(3).build();
        let [one, two, three] = [
            insert(&store, "o1").await,
            insert(&store, "o2").await,
            insert(&store, "o3").await,
        ];
        let again = insert(&store, "o3").await;
        assert_eq!(
            [one, two, three, again].map(|id| is_there(&store, &id)),
            [true, true, false, true]
        );
        assert_consistent(&store);
    }

    #[tokio::test]
    async fn same_id_is_kept_once() {
        let store = MemoryStore::new();
        let id = SessionId::random().unwrap();
        for subject in ["o1", "o2", "o2"] {
            let session = Session::new(
                id,
                Person(subject.to_owned()),
                SessionTimeouts::default(),
                START,
            );
            let since = store.stamp(&Namespace::default()).await.unwrap();
            assert_eq!(
                store.insert(session, None, since).await.unwrap(),
                Inserted::Kept
            );
            assert_consistent(&store);
        }
        assert_eq!(store.len(), 1);
    }

    #[tokio::test]
    async fn logout_of_an_unknown_session_is_not_remembered() {
        let store = MemoryStore::<Person>::new();
        let since = store.stamp(&Namespace::default()).await.unwrap();
        for _ in 0..10_000 {
            store
                .remove(&Namespace::default(), &SessionId::random().unwrap())
                .await
                .unwrap();
        }
        let session = Session::new(
            SessionId::random().unwrap(),
            Person("o1".to_owned()),
            SessionTimeouts::default(),
            START,
        );
        assert_eq!(
            store.insert(session, None, since).await.unwrap(),
            Inserted::Kept,
            "clients cannot end logins"
        );
    }
}
