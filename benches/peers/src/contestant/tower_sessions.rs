//! tower-sessions with its memory store.

use std::convert::Infallible;
use std::sync::Arc;

use http::Request;
use http::header::COOKIE;
use serde::{Deserialize, Serialize};
use tower::{Layer, service_fn};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use super::{Contender, Setting, at_once, visitors};
use crate::support::{Candidate, Person, answered};

const KEY: &str = "user";

#[derive(Serialize, Deserialize)]
struct User {
    subject: String,
}

pub(super) fn build(setting: &Setting<'_>) -> Contender {
    let store = MemoryStore::default();
    let mut ids = Vec::with_capacity(setting.sessions);
    let heap = (setting.meter)(&mut || {
        let store = Arc::new(store.clone());
        for number in 0..setting.sessions {
            let session = Session::new(None, Arc::clone(&store), None);
            let user = User {
                subject: Person::numbered(number).0,
            };
            at_once(session.insert(KEY, user)).expect("the session takes it");
            at_once(session.save()).expect("the store takes it");
            ids.push(session.id().expect("it was saved"));
        }
    });
    let visitors = visitors(ids.iter().map(|id| format!("id={id}")));
    let layer = SessionManagerLayer::new(store);
    Contender::new(heap, move || {
        let inner = service_fn(async |request: Request<()>| {
            let session = request
                .extensions()
                .get::<Session>()
                .expect("the layer is there");
            let user = session.get::<User>(KEY).await.expect("the store answers");
            let known = user.is_some_and(|user| !user.subject.is_empty());
            Ok::<_, Infallible>(answered(request, known))
        });
        Candidate::new(
            "tower-sessions",
            layer.layer(inner),
            COOKIE,
            &visitors,
            true,
        )
    })
}
