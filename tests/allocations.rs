//! What the hot paths allocate. The counter counts for its own thread only.

#[path = "../benches/stack/mod.rs"]
mod stack;
#[path = "../benches/support/mod.rs"]
mod support;
#[path = "../benches/token/mod.rs"]
mod token;

use allocation_counter::measure;
use support::{Application, Candidate, Site};
use tower::{Layer, Service};
use tower_weika::clock::Clock;

/// The allocations of one request: with a map of extensions that is there already, and without one.
fn allocations(candidates: &mut [Candidate], name: &str) -> [u64; 2] {
    let candidate = candidates
        .iter_mut()
        .find(|candidate| candidate.name == name)
        .expect("a candidate");
    let [first, second, third] = candidate.pick();
    candidate.send(&first);
    let there = measure(|| candidate.send(&second)).count_total;
    candidate.without_map();
    [there, measure(|| candidate.send(&third)).count_total]
}

#[test]
fn live_session_allocates_what_the_extension_does() {
    let mut candidates = Site::with_sessions(100).candidates();
    assert_eq!(allocations(&mut candidates, "bare"), [0, 0]);
    let by_hand = allocations(&mut candidates, "insert by hand");
    assert_eq!(by_hand, [1, 3]);
    assert_eq!(
        allocations(&mut candidates, "authenticate, live session"),
        by_hand
    );
    assert_eq!(allocations(&mut candidates, "login, live session"), by_hand);
}

#[test]
fn strangers_allocate_nothing() {
    let mut candidates = Site::with_sessions(1).candidates();
    for layer in ["authenticate", "login"] {
        for visitor in ["no cookie", "foreign cookies", "unknown session"] {
            assert_eq!(
                allocations(&mut candidates, &format!("{layer}, {visitor}")),
                [0, 0],
                "{layer}, {visitor}"
            );
        }
    }
}

#[test]
fn three_layers_allocate_what_the_extensions_do() {
    let mut candidates = stack::candidates(100);
    assert_eq!(allocations(&mut candidates, "1 layer"), [1, 3]);
    assert_eq!(
        allocations(&mut candidates, "2 layers, session of the innermost"),
        [1, 3]
    );
    assert_eq!(
        allocations(&mut candidates, "3 layers, session of the innermost"),
        [1, 3]
    );
    assert_eq!(
        allocations(&mut candidates, "3 layers, a session of each")[0],
        3
    );
    assert_eq!(
        allocations(&mut candidates, "3 layers, foreign cookies"),
        [0, 0]
    );
}

#[test]
fn warm_token_is_read_without_an_allocation() {
    let cache = token::warm(Clock::system());
    let mut service = cache.clone();
    token::call(&mut service);
    assert_eq!(measure(|| token::current(&cache)).count_total, 0);
    assert_eq!(measure(|| token::get(&cache)).count_total, 0);
    assert_eq!(measure(|| token::call(&mut service)).count_total, 0);
}

/// A login is no hot path; but it should not become a slow one unnoticed.
#[test]
fn login_allocates_little() {
    let site = Site::with_sessions(1);
    let mut service = site.login.layer(Application::known_by(|_| true));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut send = |request| {
        let mut response = None;
        let allocated =
            measure(|| response = Some(runtime.block_on(service.call(request)))).count_total;
        let response = response.expect("measured").expect("infallible");
        assert!(response.status().is_redirection());
        (response, allocated)
    };
    // What the first of them allocates stays.
    for is_counted in [false, true] {
        let (begun, begin) = send(support::begin());
        let (_, callback) = send(support::back(&begun));
        if is_counted {
            assert!(begin <= 28, "{begin}");
            assert!(callback <= 66, "{callback}");
        }
    }
}
