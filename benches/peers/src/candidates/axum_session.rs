//! axum_session without a database.

use std::convert::Infallible;

use axum_session::{Session, SessionConfig, SessionLayer, SessionNullPool, SessionStore};
use bytes::Bytes;
use harness::candidate::served;
use harness::{Candidate, Person, at_once};
use http::header::SET_COOKIE;
use http::{HeaderValue, Request, Response};
use http_body_util::Empty;
use serde::{Deserialize, Serialize};
use tower::{Layer, Service, service_fn};

use super::{Setting, users};

const KEY: &str = "user";
/// The length of a UUID as text.
const ID_LENGTH: usize = 36;

#[derive(Serialize, Deserialize)]
struct User {
    subject: String,
}

fn session<B>(request: &Request<B>) -> &Session<SessionNullPool> {
    request.extensions().get().expect("the layer is applied")
}

/// This layer accepts only responses with a body.
fn with_body(response: Response<()>) -> Result<Response<Empty<Bytes>>, Infallible> {
    Ok(response.map(|()| Empty::new()))
}

pub(super) fn candidate(setting: Setting) -> Candidate {
    let store = SessionStore::<SessionNullPool>::new(None, SessionConfig::default());
    let layer = SessionLayer::new(at_once(store).expect("valid settings"));
    let mut ids: Vec<[u8; ID_LENGTH]> = Vec::with_capacity(setting.sessions);
    let mut login = layer.layer(service_fn(async |request: Request<usize>| {
        session(&request).set(
            KEY,
            User {
                subject: Person::<0>::numbered(*request.body()).0,
            },
        );
        with_body(Response::new(()))
    }));
    let (_, heap) = (setting.meter)(&mut || {
        for number in 0..setting.sessions {
            let response = at_once(login.call(Request::new(number))).expect("infallible");
            let mut cookies = response
                .headers()
                .get_all(SET_COOKIE)
                .iter()
                .map(HeaderValue::as_bytes);
            let id = cookies.find_map(|cookie| cookie.strip_prefix(b"session=")?.first_chunk());
            ids.push(*id.expect("the session cookie"));
        }
    });
    let users = users(
        ids.iter()
            .map(|id| format!("session={}", String::from_utf8_lossy(id))),
    );
    let inner = service_fn(async |request: Request<()>| {
        let is_found = session(&request)
            .get::<User>(KEY)
            .is_some_and(|user| !user.subject.is_empty());
        with_body(served(request, is_found))
    });
    Candidate::new("axum_session", layer.layer(inner), &users, true).with_heap(heap)
}
