//! tower-sessions with its memory store.

use std::convert::Infallible;
use std::sync::Arc;

use harness::candidate::served;
use harness::{Candidate, Person, at_once};
use http::Request;
use serde::{Deserialize, Serialize};
use tower::{Layer, service_fn};
use tower_sessions::{MemoryStore, SessionManagerLayer};

pub use tower_sessions::Session;

use super::{Setting, users};

const KEY: &str = "user";

#[derive(Serialize, Deserialize)]
struct User {
    subject: String,
}

/// Returns the layer, the cookies of its users, and the heap bytes of their sessions.
pub fn layer(
    setting: Setting,
) -> (
    SessionManagerLayer<MemoryStore>,
    impl ExactSizeIterator<Item = String>,
    i64,
) {
    let store = MemoryStore::default();
    let mut ids = Vec::with_capacity(setting.sessions);
    let (_, heap) = (setting.meter)(&mut || {
        let store = Arc::new(store.clone());
        for number in 0..setting.sessions {
            let session = Session::new(None, Arc::clone(&store), None);
            let user = User {
                subject: Person::<0>::numbered(number).0,
            };
            at_once(session.insert(KEY, user)).expect("the session accepts it");
            at_once(session.save()).expect("the store accepts it");
            ids.push(session.id().expect("it was saved"));
        }
    });
    (
        SessionManagerLayer::new(store),
        ids.into_iter().map(|id| format!("id={id}")),
        heap,
    )
}

/// Returns the subject of the session's user.
pub async fn subject(session: &Session) -> Option<String> {
    session
        .get::<User>(KEY)
        .await
        .expect("the store responds")
        .map(|user| user.subject)
}

pub fn candidate(setting: Setting) -> Candidate {
    let (layer, cookies, heap) = layer(setting);
    let inner = service_fn(async |request: Request<()>| {
        let session = request
            .extensions()
            .get::<Session>()
            .expect("the layer is applied");
        let is_found = subject(session)
            .await
            .is_some_and(|subject| !subject.is_empty());
        Ok::<_, Infallible>(served(request, is_found))
    });
    Candidate::new("tower-sessions", layer.layer(inner), &users(cookies), true).with_heap(heap)
}
