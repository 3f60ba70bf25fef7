use std::sync::Arc;
use std::time::Duration;

use super::MemoryStore;
use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::session::Namespace;
use crate::session::{Session, SessionId, SessionTimeouts};
use crate::store::{Inserted, Lookup, SessionStore};

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

/// The index holds exactly the sessions of the map.
fn assert_consistent(store: &MemoryStore<Person>) {
    let content = &store.0;
    let mut bookkeeping = content.bookkeeping.lock();
    let len = content.sessions.len();
    let indexed = bookkeeping.subjects.remove_where(|_| true);
    assert_eq!(indexed.len(), len);
    for session in indexed {
        let kept = content.sessions.get(session.id()).unwrap();
        assert!(Arc::ptr_eq(&kept, &session));
        bookkeeping.subjects.add(session);
    }
}

crate::testing::store_contract!(async { MemoryStore::new() }, |number| Person(
    number.to_string()
));

#[tokio::test]
async fn expired_sessions_are_removed_by_a_later_login() {
    let store = MemoryStore::new();
    assert!(store.is_empty());
    let idle = insert(&store, "idle").await;
    assert!(!store.is_empty());
    let half_way = START.plus(Duration::from_secs(20 * 60));
    let live = insert_at(&store, "live", half_way).await;
    assert!(is_there(&store, &idle), "it has not been removed yet");
    insert_at(&store, "new", START.plus(Duration::from_secs(40 * 60))).await;
    assert!(!is_there(&store, &idle) && is_there(&store, &live));
    assert_consistent(&store);
}

#[tokio::test]
async fn full_store_inserts_every_new_session() {
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
async fn s6_subject_has_50_sessions_and_the_least_recently_used_one_is_evicted() {
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
        "it was used last"
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
async fn s6_limit_per_subject_can_be_set_and_disabled() {
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
async fn s6_101_000_logins_of_one_subject_are_fast_and_evict_no_other() {
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
        // 50 µs each, in a debug build on a busy machine; a scan of all sessions would take 100
        // times as long.
        assert!(taken < Duration::from_secs(30), "{limit:?}: {taken:?}");
        assert_consistent(&store);
    }
}

#[tokio::test]
async fn s6_full_store_evicts_from_a_subject_with_several_sessions_first() {
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
async fn full_store_evicts_a_session_of_the_same_subject() {
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
async fn same_session_id_is_stored_once() {
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
async fn logout_of_an_unknown_session_leaves_no_revocation() {
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
        "clients cannot revoke pending logins"
    );
}
