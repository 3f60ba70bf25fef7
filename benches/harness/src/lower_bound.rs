//! Lower bound: finds the cookie without reading the others, decodes 22 characters of it, looks
//! them up in a lock-free map, reads the coarse clock, and inserts an `Arc`. A layer with sessions
//! can hardly do less.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use http::header::COOKIE;
use http::{HeaderValue, Request};
use memchr::memmem::Finder;
use papaya::HashMap;
use tower_weika::clock::{Clock, Timestamp};

use crate::candidate::{Application, Candidate, Edited};
use crate::compare::Meter;
use crate::site::{Person, Site};

pub const NAME: &str = "lower bound";

/// 128 bits: as short as an id can be. Ids of this crate are longer; only their beginning is used,
/// so that both candidates read the same headers.
const ID_LENGTH: usize = 22;
const DECODER: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

#[derive(Clone)]
struct LowerBound {
    name: Arc<Finder<'static>>,
    sessions: Arc<HashMap<u128, Arc<Entry>, BuildHasherDefault<Leading>>>,
    clock: Clock,
}

struct Entry {
    person: Person,
    expires: Timestamp,
}

/// A candidate with the sessions of `site`.
pub fn candidate(site: &Site, meter: Meter) -> Candidate {
    let clock = Clock::system();
    let expires = clock.now().plus(Duration::from_secs(43_200));
    let name = Arc::new(Finder::new(&format!("{}=", site.cookie_name())).into_owned());
    let bound = LowerBound {
        name,
        sessions: Arc::default(),
        clock,
    };
    let (_, heap) = meter(&mut || {
        let sessions = bound.sessions.pin();
        for (number, cookies) in site.live.iter().enumerate() {
            let id = bound.id(cookies).expect("a session cookie");
            sessions.insert(
                id,
                Arc::new(Entry {
                    person: Person::numbered(number),
                    expires,
                }),
            );
        }
    });
    let inner = Application(|request| {
        request
            .extensions()
            .get::<Arc<Entry>>()
            .is_some_and(|entry| !entry.person.0.is_empty())
    });
    let insert = move |request: &mut Request<()>| {
        if let Some(entry) = bound.find(request) {
            request.extensions_mut().insert(entry);
        }
    };
    Candidate::new(NAME, Edited(inner, insert), &site.live, true).with_heap(heap)
}

impl LowerBound {
    fn id(&self, cookies: &HeaderValue) -> Option<u128> {
        let cookies = cookies.as_bytes();
        let start = self.name.find(cookies)? + self.name.needle().len();
        let mut id = [0; size_of::<u128>()];
        DECODER
            .decode_slice(cookies.get(start..start + ID_LENGTH)?, &mut id)
            .ok()?;
        Some(u128::from_ne_bytes(id))
    }

    fn find(&self, request: &Request<()>) -> Option<Arc<Entry>> {
        let id = self.id(request.headers().get(COOKIE)?)?;
        let entry = Arc::clone(self.sessions.pin().get(&id)?);
        (self.clock.now() < entry.expires).then_some(entry)
    }
}

/// Hashes an id by its first eight bytes: ids are random.
#[derive(Clone, Copy, Default)]
pub struct Leading(u64);

impl Hasher for Leading {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, random: u64) {
        self.0 = random;
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = (id & u128::from(u64::MAX)) as u64;
    }
}
