//! axum_session without a database.

use std::convert::Infallible;

use axum_session::{Session, SessionConfig, SessionLayer, SessionNullPool, SessionStore};
use bytes::Bytes;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderValue, Request, Response};
use http_body_util::Empty;
use serde::{Deserialize, Serialize};
use tower::{Layer, Service, service_fn};

use super::{Contender, Setting, at_once, visitors};
use crate::support::{Candidate, Person, answered};

const KEY: &str = "user";
/// That of the spelling of a UUID.
const ID_LENGTH: usize = 36;

#[derive(Serialize, Deserialize)]
struct User {
    subject: String,
}

fn session<B>(request: &Request<B>) -> &Session<SessionNullPool> {
    request.extensions().get().expect("the layer is there")
}

/// The only kind of answer that this layer takes has a body.
fn with_body(answer: Response<()>) -> Response<Empty<Bytes>> {
    answer.map(|()| Empty::new())
}

pub(super) fn build(setting: &Setting<'_>) -> Contender {
    let store = SessionStore::<SessionNullPool>::new(None, SessionConfig::default());
    let layer = SessionLayer::new(setting.runtime.block_on(store).expect("valid settings"));
    let mut ids: Vec<[u8; ID_LENGTH]> = Vec::with_capacity(setting.sessions);
    let mut login = layer.layer(service_fn(async |request: Request<usize>| {
        session(&request).set(
            KEY,
            User {
                subject: Person::numbered(*request.body()).0,
            },
        );
        Ok::<_, Infallible>(with_body(Response::new(())))
    }));
    let heap = (setting.meter)(&mut || {
        for number in 0..setting.sessions {
            let answer = at_once(login.call(Request::new(number))).expect("infallible");
            let mut cookies = answer
                .headers()
                .get_all(SET_COOKIE)
                .iter()
                .map(HeaderValue::as_bytes);
            let id = cookies.find_map(|cookie| cookie.strip_prefix(b"session=")?.first_chunk());
            ids.push(*id.expect("the cookie of the session"));
        }
    });
    let visitors = visitors(
        ids.iter()
            .map(|id| format!("session={}", String::from_utf8_lossy(id))),
    );
    Contender::new(heap, move || {
        let inner = service_fn(async |request: Request<()>| {
            let known = session(&request)
                .get::<User>(KEY)
                .is_some_and(|user| !user.subject.is_empty());
            Ok::<_, Infallible>(with_body(answered(request, known)))
        });
        Candidate::new("axum_session", layer.layer(inner), COOKIE, &visitors, true)
    })
}
