//! tower-sessions with its SQLite store.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use harness::candidate::served;
use harness::{Candidate, Person};
use http::Request;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tower::{Layer, service_fn};
use tower_sessions_0_14::{Session, SessionManagerLayer};
use tower_sessions_sqlx_store::SqliteStore;
use tower_sessions_sqlx_store::sqlx::SqlitePool;
use tower_sessions_sqlx_store::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};

use super::users;

const KEY: &str = "user";

#[derive(Serialize, Deserialize)]
struct User {
    subject: String,
}

/// How the pool of connections is set up. All use the write-ahead log.
#[derive(Clone, Copy)]
pub struct Setup {
    /// Syncs every commit. Look-ups do not depend on it.
    pub syncs: bool,
    /// Asks a connection whether it works before each use, which is the default of the pool.
    pub tests_connections: bool,
}

/// Creates a file, or opens it, with a table of sessions.
pub async fn store(path: &Path, setup: Setup) -> SqliteStore {
    let store = SqliteStore::new(pool(path, setup).await);
    store.migrate().await.expect("the file accepts it");
    store
}

/// Opens connections to a file, which is created if there is none.
pub async fn pool(path: &Path, setup: Setup) -> SqlitePool {
    let synchronous = if setup.syncs {
        SqliteSynchronous::Full
    } else {
        SqliteSynchronous::Off
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous);
    let pool = SqlitePoolOptions::new().test_before_acquire(setup.tests_connections);
    pool.connect_with(options)
        .await
        .expect("the file is accessible")
}

/// Creates the session of a person, as a login does.
pub async fn log_in(store: &Arc<SqliteStore>, number: usize) -> Session {
    let session = Session::new(None, Arc::clone(store) as _, None);
    let user = User {
        subject: Person::<0>::numbered(number).0,
    };
    session
        .insert(KEY, user)
        .await
        .expect("the session accepts it");
    session.save().await.expect("the store accepts it");
    session
}

/// A candidate with this many sessions in a new file.
pub fn candidate(
    name: &str,
    path: &Path,
    setup: Setup,
    sessions: usize,
    runtime: &Runtime,
) -> Candidate {
    let (store, ids) = runtime.block_on(async {
        let store = Arc::new(store(path, setup).await);
        let mut ids = Vec::with_capacity(sessions);
        for number in 0..sessions {
            let session = log_in(&store, number).await;
            ids.push(session.id().expect("it was saved"));
        }
        (SqliteStore::clone(&store), ids)
    });
    let inner = service_fn(async |request: Request<()>| {
        let session = request.extensions().get::<Session>();
        let session = session.expect("the layer is applied");
        let user = session.get::<User>(KEY).await.expect("the store responds");
        let is_found = user.is_some_and(|user| !user.subject.is_empty());
        Ok::<_, Infallible>(served(request, is_found))
    });
    let cookies = ids.into_iter().map(|id| format!("id={id}"));
    let layer = SessionManagerLayer::new(store);
    Candidate::new(name, layer.layer(inner), &users(cookies), true)
}
