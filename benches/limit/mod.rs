//! A floor: the least that a layer with sessions can do.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use http::Request;
use http::header::COOKIE;
use memchr::memmem::Finder;
use tower::Service;
use tower_weika::clock::{Clock, Timestamp};

use crate::support::{Application, Candidate, Person, Site};

/// 128 bits: as short as an id can be. Our own is longer, and its beginning is taken for one, so that both read the same
/// headers.
const ID_LENGTH: usize = 22;
const DECODER: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

const LIFETIME: Duration = Duration::from_secs(43_200);

/// Finds the cookie without a look at the others, and the session in a map that is never written to: to let somebody log
/// in, it would have to be copied.
#[derive(Clone)]
pub(crate) struct Limit {
    name: Finder<'static>,
    sessions: Arc<ArcSwap<Sessions>>,
    clock: Clock,
}

type Sessions = HashMap<u128, Arc<Entry>, BuildHasherDefault<Leading>>;

struct Entry {
    person: Person,
    ends: Timestamp,
}

impl Limit {
    /// With the sessions of `site`.
    pub(crate) fn of(site: &Site) -> Self {
        let clock = Clock::system();
        let ends = clock.now().plus(LIFETIME);
        let name = Finder::new(&format!("{}=", site.cookie_name)).into_owned();
        let mut limit = Self {
            name,
            sessions: Arc::default(),
            clock,
        };
        let entry = |(number, cookies): (usize, &http::HeaderValue)| {
            let entry = Entry {
                person: Person::numbered(number),
                ends,
            };
            (
                limit.id(cookies.as_bytes()).expect("the cookie is there"),
                Arc::new(entry),
            )
        };
        let sessions: Sessions = site.live.iter().enumerate().map(entry).collect();
        limit.sessions = Arc::new(ArcSwap::from_pointee(sessions));
        limit
    }

    pub(crate) fn candidate(&self, site: &Site) -> Candidate {
        let is_known = |request: &Request<()>| {
            request
                .extensions()
                .get::<Arc<Entry>>()
                .is_some_and(|entry| !entry.person.0.is_empty())
        };
        let service = Limited {
            limit: self.clone(),
            inner: Application::known_by(is_known),
        };
        Candidate::new("limit", service, COOKIE, &site.live, true)
    }

    fn id(&self, cookies: &[u8]) -> Option<u128> {
        let start = self.name.find(cookies)? + self.name.needle().len();
        let mut id = [0; size_of::<u128>()];
        DECODER
            .decode_slice(cookies.get(start..start + ID_LENGTH)?, &mut id)
            .ok()?;
        Some(u128::from_ne_bytes(id))
    }

    fn find(&self, request: &Request<()>) -> Option<Arc<Entry>> {
        let id = self.id(request.headers().get(COOKIE)?.as_bytes())?;
        let sessions = self.sessions.load();
        let entry = sessions.get(&id)?;
        (self.clock.now() < entry.ends).then(|| Arc::clone(entry))
    }
}

struct Limited {
    limit: Limit,
    inner: Application,
}

impl Service<Request<()>> for Limited {
    type Response = <Application as Service<Request<()>>>::Response;
    type Error = <Application as Service<Request<()>>>::Error;
    type Future = <Application as Service<Request<()>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<()>) -> Self::Future {
        if let Some(entry) = self.limit.find(&request) {
            request.extensions_mut().insert(entry);
        }
        self.inner.call(request)
    }
}

/// Takes an id for its own hash.
#[derive(Default)]
struct Leading(u64);

impl Hasher for Leading {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("ids are numbers");
    }

    fn write_u128(&mut self, id: u128) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "half of it spreads as well"
        )]
        let half = id as u64;
        self.0 = half;
    }
}
