//! The operations that are counted.

use tower::{Layer, Service};
use tower_weika::clock::Clock;

use crate::support::{self, Candidate, Site};
use crate::{local_cache, stack, token};

pub(crate) const SESSIONS: usize = 1_000;

/// Runs an operation once.
pub(crate) type Run = Box<dyn FnMut()>;

/// An operation that is counted.
pub(crate) struct Operation {
    pub(crate) name: String,
    /// Whether it is a request to an application, so that the bare application is subtracted.
    pub(crate) is_over_bare: bool,
    make: Box<dyn FnOnce() -> Run>,
}

impl Operation {
    pub(crate) fn make(self) -> Run {
        (self.make)()
    }

    fn new(name: &str, run: impl FnMut() + 'static) -> Self {
        Self {
            name: name.to_owned(),
            is_over_bare: false,
            make: Box::new(|| Box::new(run)),
        }
    }

    fn request(candidate: Candidate) -> Self {
        let name = candidate.name.clone();
        Self {
            is_over_bare: true,
            ..Self::new(&name, send(candidate))
        }
    }

    /// Starts I/O, so it is made only where it is counted: the heap of the others stays as it is.
    fn request_made_late(
        name: &'static str,
        candidate: impl FnOnce(&str) -> Candidate + 'static,
    ) -> Self {
        let make = Box::new(move || Box::new(send(candidate(name))) as Run);
        Self {
            name: name.to_owned(),
            is_over_bare: true,
            make,
        }
    }
}

fn send(mut candidate: Candidate) -> impl FnMut() {
    move || {
        let [value] = candidate.pick();
        candidate.send(&value);
    }
}

/// The bare application comes first. All others are made in every process, so that they are the same whichever is
/// counted. `redis` is the URL of a Redis server that is running.
pub(crate) fn all(redis: &str) -> Vec<Operation> {
    let site = Site::with_sessions(SESSIONS);
    let candidates = site
        .candidates()
        .into_iter()
        .chain(stack::candidates(SESSIONS).into_iter().skip(1));
    let mut all: Vec<_> = candidates.map(Operation::request).collect();
    all[0].is_over_bare = false;
    let redis = redis.to_owned();
    all.push(Operation::request_made_late(
        "live session from the local cache",
        move |name| local_cache::live(name, &redis, SESSIONS),
    ));

    let cache = token::warm(Clock::system());
    let (current, get, mut service) = (cache.clone(), cache.clone(), cache);
    all.push(Operation::new("current()", move || {
        token::current(&current)
    }));
    all.push(Operation::new("get()", move || token::get(&get)));
    all.push(Operation::new("Service of the token", move || {
        token::call(&mut service)
    }));

    for is_whole in [false, true] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let mut login = site.login.layer(support::Application::known_by(|_| true));
        let name = if is_whole {
            "begin and callback of a login"
        } else {
            "begin of a login"
        };
        all.push(Operation::new(name, move || {
            runtime.block_on(async {
                let begun = login.call(support::begin()).await.expect("infallible");
                if is_whole {
                    let back = login.call(support::back(&begun)).await.expect("infallible");
                    assert!(back.status().is_redirection());
                }
            });
        }));
    }
    all
}
