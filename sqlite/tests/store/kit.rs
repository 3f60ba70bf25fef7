//! Stores in a folder of the test, and sessions.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use std::time::Duration;

use tokio::time::Instant;
use tower_weika::Error;
use tower_weika::clock::Clock;
use tower_weika::identity::Manager;
use tower_weika::session::{Namespace, Session, SessionId, SessionTimeouts};
use tower_weika::store::{Inserted, Lookup, SessionStore};
use tower_weika_sqlite::SqliteStore;

/// Returns a path for a new file, in a new folder. The folders of the last run are removed.
pub(crate) fn new_file() -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sqlite-store");
        drop(fs::remove_dir_all(&folder));
        folder
    });
    static NUMBER: AtomicU32 = AtomicU32::new(0);

    let folder = FOLDER.join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir_all(&folder).unwrap();
    folder.join("sessions.db")
}

pub(crate) type Managers = SqliteStore<Manager>;

pub(crate) fn namespace() -> Namespace {
    Namespace::new("weika", "KEY-A", "https://campus.example")
}

pub(crate) fn session(subject: &str) -> Session<Manager> {
    let (id, now) = (SessionId::random().unwrap(), Clock::system().now());
    Session::new(id, Manager::new(subject), SessionTimeouts::default(), now).within(namespace())
}

/// Starts a session and returns its id.
pub(crate) async fn start(store: &Managers, subject: &str) -> SessionId {
    try_start(store, subject).await.unwrap()
}

pub(crate) async fn find(
    store: &Managers,
    id: &SessionId,
) -> Result<Option<Arc<Session<Manager>>>, Error> {
    match store.load(&namespace(), id) {
        Lookup::Ready(found) => found,
        Lookup::Pending(load) => load.await,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn is_there(store: &Managers, id: &SessionId) -> bool {
    find(store, id).await.unwrap().is_some()
}

/// Starts a session, or returns the store's failure.
pub(crate) async fn try_start(store: &Managers, subject: &str) -> Result<SessionId, Error> {
    let session = session(subject);
    let id = *session.id();
    let since = store.stamp(&namespace()).await?;
    assert_eq!(store.insert(session, None, since).await?, Inserted::Kept);
    Ok(id)
}

/// Waits until `is_so` is true, ten seconds at most.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !is_so().await {
        assert!(Instant::now() < end, "it was not so for ten seconds");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
