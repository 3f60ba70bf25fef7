//! The least that a layer can do: find the cookie, decode it, look it up, ask the clock, insert.

use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use http::header::COOKIE;
use memchr::memmem::Finder;
use papaya::HashMap;
use tower::Service;
use tower_weika::clock::{Clock, Timestamp};
use tower_weika::session::SessionId;

use super::stores::Leading;
use super::{Contender, Setting, visitors};
use crate::support::{Application, Candidate, Person};

const NAME: &str = "__Host-session=";
const LIFETIME: Duration = Duration::from_secs(43_200);
const ID_BYTES: usize = 16;
const ID_LENGTH: usize = 22;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Id([u8; ID_BYTES]);

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

struct Entry {
    person: Person,
    ends: Timestamp,
}

type Sessions = HashMap<Id, Arc<Entry>, BuildHasherDefault<Leading>>;

struct Limit<S> {
    inner: S,
    sessions: Arc<Sessions>,
    name: Finder<'static>,
    clock: Clock,
}

impl<S> Limit<S> {
    fn find<B>(&self, request: &Request<B>) -> Option<Arc<Entry>> {
        let cookies = request.headers().get(COOKIE)?.as_bytes();
        let start = self.name.find(cookies)? + NAME.len();
        let mut id = [0; ID_BYTES];
        URL_SAFE_NO_PAD
            .decode_slice(cookies.get(start..start + ID_LENGTH)?, &mut id)
            .ok()?;
        let entry = Arc::clone(self.sessions.pin().get(&Id(id))?);
        (self.clock.now() < entry.ends).then_some(entry)
    }
}

impl<S: Service<Request<()>>> Service<Request<()>> for Limit<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<()>) -> S::Future {
        if let Some(entry) = self.find(&request) {
            request.extensions_mut().insert(entry);
        }
        self.inner.call(request)
    }
}

pub(super) fn build(setting: &Setting<'_>) -> Contender {
    let clock = Clock::system();
    let ends = clock.now().plus(LIFETIME);
    let sessions = Arc::new(Sessions::default());
    let mut ids = Vec::with_capacity(setting.sessions);
    let heap = (setting.meter)(&mut || {
        let sessions = sessions.pin();
        for number in 0..setting.sessions {
            let random = SessionId::random().expect("randomness").digest();
            let id = *random.first_chunk().expect("longer");
            ids.push(id);
            sessions.insert(
                Id(id),
                Arc::new(Entry {
                    person: Person::numbered(number),
                    ends,
                }),
            );
        }
    });
    let cookies = ids
        .iter()
        .map(|id: &[u8; ID_BYTES]| format!("{NAME}{}", URL_SAFE_NO_PAD.encode(id)));
    let visitors = visitors(cookies);
    Contender::new(heap, move || {
        let is_known = |request: &Request<()>| {
            request
                .extensions()
                .get::<Arc<Entry>>()
                .is_some_and(|entry| !entry.person.0.is_empty())
        };
        let inner = Application::known_by(is_known);
        let limit = Limit {
            inner,
            sessions: Arc::clone(&sessions),
            name: Finder::new(NAME),
            clock: clock.clone(),
        };
        Candidate::new("limit", limit, COOKIE, &visitors, true)
    })
}
