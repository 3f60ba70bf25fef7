//! With `tower-sessions` as it comes.

use axum::Router;
use axum::routing::get;
use http::{StatusCode, Uri};
use tokio::runtime::Runtime;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use super::{Ready, answer, log_in};

const PERSON: &str = "person";

pub(super) fn ready(visitors: usize, runtime: &Runtime) -> Ready {
    let router = Router::new()
        .route("/me", get(me))
        .route("/login", get(login));
    let router = router.layer(SessionManagerLayer::new(MemoryStore::default()));
    let visitors = log_in(&router, visitors, runtime);
    Ready { router, visitors }
}

async fn login(session: Session, uri: Uri) {
    session
        .insert(PERSON, uri.query())
        .await
        .expect("the store takes it");
}

async fn me(session: Session, uri: Uri) -> Result<String, StatusCode> {
    let person: Option<String> = session
        .get(PERSON)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    answer(person.as_deref(), &uri)
}
