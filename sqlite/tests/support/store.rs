//! Stores, and their sessions.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tower_weika::Error;
use tower_weika::clock::Clock;
use tower_weika::identity::Manager;
use tower_weika::session::{Namespace, Session, SessionId, SessionTimeouts};
use tower_weika::store::{Inserted, Lookup, Previous, SessionStore};
use tower_weika_sqlite::SqliteStore;

pub(crate) type Store = SqliteStore<Manager>;

/// Returns an empty folder for a test, without links in its path.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder");
    folder.canonicalize().expect("a path")
}

pub(crate) fn namespace() -> Namespace {
    Namespace::new("weika", "KEY-A", "https://campus.example")
}

pub(crate) fn session(subject: &str) -> Session<Manager> {
    let (id, now) = (
        SessionId::random().expect("randomness"),
        Clock::system().now(),
    );
    Session::new(id, Manager::new(subject), SessionTimeouts::default(), now).within(namespace())
}

/// Inserts a session as the end of a login does.
pub(crate) async fn insert(
    store: &Store,
    session: Session<Manager>,
    previous: Option<Previous<'_>>,
) -> Result<Inserted, Error> {
    let since = store.stamp(&namespace()).await?;
    store.insert(session, previous, since).await
}

pub(crate) async fn find(
    store: &Store,
    id: &SessionId,
) -> Result<Option<Arc<Session<Manager>>>, Error> {
    match store.load(&namespace(), id) {
        Lookup::Ready(found) => found,
        Lookup::Pending(load) => load.await,
        other => panic!("{other:?}"),
    }
}
