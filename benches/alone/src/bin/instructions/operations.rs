//! The counted operations.

use std::hint::black_box;

use harness::candidate::Application;
use harness::{Candidate, Site, callgrind, runtime, stacked, token};
use tower::{Layer, Service};
use tower_weika::clock::Clock;

use crate::local_cache;

const SESSIONS: usize = 1_000;

/// A counted operation.
pub(crate) struct Operation {
    /// `request`: sent to an application, so that the cost of the bare application is subtracted.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) make: Box<dyn FnOnce() -> callgrind::Operation>,
}

impl Operation {
    fn new(name: &str, run: impl FnMut() + 'static) -> Self {
        Self {
            kind: "operation",
            name: name.to_owned(),
            make: Box::new(|| Box::new(run)),
        }
    }

    fn request(candidate: &Candidate) -> Self {
        Self {
            kind: "request",
            ..Self::new(&candidate.name, candidate.client().into_sender())
        }
    }
}

/// The bare application comes first.
pub(crate) fn all() -> Vec<Operation> {
    let site = Site::with_sessions(SESSIONS);
    let candidates = site.candidates().into_iter().chain(stacked(SESSIONS));
    let mut all: Vec<_> = candidates.map(|it| Operation::request(&it)).collect();
    // It starts I/O, so it is built only where it is counted: the heap of the others does not
    // change.
    let make = Box::new(|| local_cache::live(SESSIONS));
    all.push(Operation {
        kind: "request",
        name: "live session from the local cache".to_owned(),
        make,
    });

    let cache = token::warm(Clock::system());
    let (current, get, mut service) = (cache.clone(), cache.clone(), cache);
    all.push(Operation::new("current()", move || {
        assert_eq!(black_box(token::current(&current)), token::LENGTH)
    }));
    all.push(Operation::new("get()", move || {
        assert_eq!(black_box(token::get(&get)), token::LENGTH)
    }));
    all.push(Operation::new("Service of the token", move || {
        assert_eq!(black_box(token::call(&mut service)), token::LENGTH);
    }));

    for is_whole in [false, true] {
        let runtime = runtime();
        let mut login = site.login.layer(Application(|_| true));
        let name = if is_whole {
            "start and callback of a login"
        } else {
            "start of a login"
        };
        all.push(Operation::new(name, move || {
            runtime.block_on(async {
                let started = login
                    .call(harness::start_login())
                    .await
                    .expect("infallible");
                if is_whole {
                    let back = login
                        .call(harness::callback(&started))
                        .await
                        .expect("infallible");
                    assert!(back.status().is_redirection());
                }
            });
        }));
    }
    all
}
