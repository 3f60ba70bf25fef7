//! Two handles of one file, as in two processes.

use std::time::Duration;

use tokio::time::Instant;
use tower_weika::session::SessionId;
use tower_weika::store::{Inserted, Previous, SessionStore};
use tower_weika_sqlite::{Sqlite, SqliteStore};

use crate::kit::{Managers, find, is_there, namespace, new_file, session, start, until};

/// Two handles, and a session that both have in their local caches.
async fn two() -> (Managers, Managers, SessionId) {
    let path = new_file();
    let [one, other]: [Managers; 2] = [(); 2].map(|()| SqliteStore::open(&path).unwrap());
    let id = start(&one, "o1").await;
    for store in [&one, &other] {
        until(async || is_there(store, &id).await).await;
    }
    (one, other, id)
}

/// Waits until the other handle does not serve a session, for a second at most.
async fn ends_within_a_second(store: &Managers, id: &SessionId) {
    let revoked = Instant::now();
    while is_there(store, id).await {
        assert!(revoked.elapsed() < Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn logout_in_one_process_is_effective_in_the_other_within_a_second() {
    let (one, other, id) = two().await;
    assert!(one.remove(&namespace(), &id).await.unwrap());
    assert!(!is_there(&one, &id).await);
    ends_within_a_second(&other, &id).await;
}

#[tokio::test]
async fn every_revocation_and_replacement_is_effective_in_the_other_process() {
    let (one, other, id) = two().await;
    one.remove_subject(&namespace(), "o1", None).await.unwrap();
    ends_within_a_second(&other, &id).await;

    let (one, other, id) = two().await;
    let kept = start(&one, "o1").await;
    assert!(is_there(&other, &kept).await);
    one.remove_subject(&namespace(), "o1", Some(&kept))
        .await
        .unwrap();
    ends_within_a_second(&other, &id).await;
    assert!(is_there(&other, &kept).await);

    let (one, other, id) = two().await;
    one.remove_all(&namespace()).await.unwrap();
    ends_within_a_second(&other, &id).await;

    let (one, other, id) = two().await;
    assert!(
        one.remove_of(&namespace(), "o1", &id.digest())
            .await
            .unwrap()
    );
    ends_within_a_second(&other, &id).await;

    let (one, other, id) = two().await;
    let since = one.stamp(&namespace()).await.unwrap();
    let replaced = one
        .insert(session("o1"), Some(Previous::Replaced(&id)), since)
        .await;
    assert_eq!(replaced.unwrap(), Inserted::Kept);
    ends_within_a_second(&other, &id).await;
}

#[tokio::test]
async fn revocation_in_one_process_covers_a_login_that_is_pending_in_the_other() {
    let (one, other, _) = two().await;
    let since = other.stamp(&namespace()).await.unwrap();
    one.remove_subject(&namespace(), "o2", None).await.unwrap();
    let inserted = other.insert(session("o2"), None, since).await.unwrap();
    assert_eq!(inserted, Inserted::Revoked);
    let inserted = other.insert(session("o3"), None, since).await.unwrap();
    assert_eq!(inserted, Inserted::Kept);
}

/// Starts a session that is used some milliseconds after those with smaller numbers.
async fn start_later(store: &Managers, number: usize) -> SessionId {
    let session = session("o1");
    let used = session
        .created()
        .plus(Duration::from_millis(10 * number as u64));
    let (id, since) = (*session.id(), store.stamp(&namespace()).await.unwrap());
    let inserted = store.insert(session.last_used_at(used), None, since).await;
    assert_eq!(inserted.unwrap(), Inserted::Kept);
    id
}

#[tokio::test]
async fn cap_of_a_subject_holds_over_both_processes() {
    let path = new_file();
    let stores: [Managers; 2] = [(); 2].map(|()| {
        let builder = Sqlite::builder(&path).sessions_per_subject(3);
        builder.open().unwrap().store()
    });
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(start_later(&stores[number % 2], number).await);
    }
    let other = start(&stores[0], "o2").await;
    for store in &stores {
        for (number, id) in ids.iter().enumerate() {
            if number < 5 {
                ends_within_a_second(store, id).await;
            } else {
                assert!(is_there(store, id).await, "{number}");
            }
        }
        assert!(is_there(store, &other).await);
    }
    // The least recently used one goes first.
    let used = find(&stores[0], &ids[5]).await.unwrap().unwrap();
    used.touch(used.created().plus(Duration::from_secs(120)));
    stores[0].touch(&used);
    until(async || {
        let listed = stores[1].sessions_of(&namespace(), "o1").await.unwrap();
        listed
            .iter()
            .any(|info| info.last_used() == used.last_used())
    })
    .await;
    start_later(&stores[1], 8).await;
    assert!(is_there(&stores[1], &ids[5]).await);
    ends_within_a_second(&stores[0], &ids[6]).await;
}

#[tokio::test]
async fn secret_of_the_file_is_the_same_in_all_processes_and_no_other_files() {
    let path = new_file();
    let open = || SqliteStore::open(&path).map(|store: Managers| store.secret());
    let secret = open().unwrap().unwrap();
    assert_eq!(secret.len(), 32);
    assert_eq!(open().unwrap().unwrap(), secret);
    let other: Managers = SqliteStore::open(new_file()).unwrap();
    assert_ne!(other.secret().unwrap(), secret);
    let shown = format!("{other:?} {:?}", other.sqlite());
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn file_that_another_process_locks_is_an_error_and_not_an_absent_session() {
    let path = new_file();
    let store: Managers = Sqlite::builder(&path)
        .local_cache_capacity(0)
        .open()
        .unwrap()
        .store();
    let id = start(&store, "o1").await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = crate::kit::try_start(&store, "o2").await.unwrap_err();
    assert!(
        refused.to_string().contains("locked by another process"),
        "{refused}"
    );
    assert!(is_there(&store, &id).await, "reads need no lock");
    other.execute_batch("ROLLBACK").unwrap();
    start(&store, "o2").await;
    assert!(store.sqlite().failure().is_none());
}

#[tokio::test]
async fn session_survives_a_restart_with_all_its_parts() {
    let path = new_file();
    let store: Managers = SqliteStore::open(&path).unwrap();
    let id = start(&store, "o1").await;
    let before = find(&store, &id).await.unwrap().unwrap();
    drop(store);
    let after = find(&SqliteStore::open(&path).unwrap(), &id).await;
    assert_eq!(
        format!("{:?}", after.unwrap().unwrap()),
        format!("{before:?}")
    );
}
