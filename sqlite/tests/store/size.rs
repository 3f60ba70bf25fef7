//! Expired rows and the size of the file.

use std::fs;
use std::time::Duration;

use rusqlite::Connection;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::identity::Manager;
use tower_weika::session::{Session, SessionId, SessionTimeouts};
use tower_weika::store::{Inserted, SessionStore};
use tower_weika_sqlite::Sqlite;

use crate::kit::{Managers, is_there, namespace, new_file};

const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

async fn insert(store: &Managers, number: u32, timeouts: SessionTimeouts) -> SessionId {
    let mut manager = Manager::new(format!("o{number}"));
    manager.name = "王老师".repeat(10);
    let id = SessionId::random().unwrap();
    let session = Session::new(id, manager, timeouts, START).within(namespace());
    let since = store.stamp(&namespace()).await.unwrap();
    let inserted = store.insert(session, None, since).await.unwrap();
    assert_eq!(inserted, Inserted::Kept);
    id
}

async fn insert_many(store: &Managers, numbers: std::ops::Range<u32>, lifetime: Duration) {
    let timeouts = SessionTimeouts::new(lifetime, lifetime);
    let mut tasks = Vec::new();
    for number in numbers {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            insert(&store, number, timeouts).await
        }));
        if tasks.len() == 2_000 {
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn expired_sessions_are_removed_and_the_file_is_twice_the_live_data_at_most() {
    let (clock, path) = (ManualClock::new(START), new_file());
    let store: Managers = Sqlite::builder(&path)
        .clock(clock.clock())
        .open()
        .unwrap()
        .store();
    let minute = Duration::from_secs(60);
    insert_many(&store, 0..1_500, 600 * minute).await;
    insert_many(&store, 1_500..16_500, minute).await;
    let live = insert(
        &store,
        20_000,
        SessionTimeouts::new(600 * minute, 600 * minute),
    )
    .await;
    clock.advance(4 * minute);

    let count = || {
        let connection = Connection::open(&path).unwrap();
        let count = "SELECT count(*) FROM sessions";
        connection
            .query_row(count, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let bytes = || fs::metadata(&path).unwrap().len();
    for _ in 0..600 {
        if count() == 1_501 && bytes() < 2_000_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(count(), 1_501);
    // The same rows in a new file.
    let copy = path.with_extension("copy");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("VACUUM INTO ?", [copy.to_str().unwrap()])
        .unwrap();
    let least = fs::metadata(&copy).unwrap().len();
    assert!(bytes() <= 2 * least, "{} of {least} bytes", bytes());
    assert!(is_there(&store, &live).await);
}
