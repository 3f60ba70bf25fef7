//! The allocations of the hot paths. The counter only counts those of the current thread.

use allocation_counter::measure;
use harness::candidate::Application;
use harness::{Candidate, Site, callback, stacked, start_login, token};
use tower::{Layer, Service};
use tower_weika::clock::Clock;

/// The allocations of one request: with an existing map of extensions, and without one.
fn allocations(candidates: &[Candidate], name: &str) -> [u64; 2] {
    let mut client = candidates
        .iter()
        .find(|candidate| candidate.name == name)
        .expect("a candidate")
        .client();
    let [first, second, third] = client.pick();
    client.send(&first);
    let there = measure(|| client.send(&second)).count_total;
    client.without_map();
    [there, measure(|| client.send(&third)).count_total]
}

#[test]
fn live_session_allocates_what_the_extension_does() {
    let candidates = Site::with_sessions(100).candidates();
    assert_eq!(allocations(&candidates, "bare"), [0, 0]);
    let by_hand = allocations(&candidates, "insert by hand");
    assert_eq!(by_hand, [1, 3]);
    assert_eq!(
        allocations(&candidates, "authenticate, live session"),
        by_hand
    );
    assert_eq!(allocations(&candidates, "login, live session"), by_hand);
}

#[test]
fn anonymous_requests_allocate_nothing() {
    let candidates = Site::with_sessions(1).candidates();
    for layer in ["authenticate", "login"] {
        for visitor in ["no cookie", "foreign cookies", "unknown session"] {
            assert_eq!(
                allocations(&candidates, &format!("{layer}, {visitor}")),
                [0, 0],
                "{layer}, {visitor}"
            );
        }
    }
}

#[test]
fn three_layers_allocate_what_the_extensions_do() {
    let candidates = stacked(100);
    assert_eq!(allocations(&candidates, "1 layer"), [1, 3]);
    assert_eq!(
        allocations(&candidates, "2 layers, session of the innermost"),
        [1, 3]
    );
    assert_eq!(
        allocations(&candidates, "3 layers, session of the innermost"),
        [1, 3]
    );
    assert_eq!(
        allocations(&candidates, "3 layers, a session of each")[0],
        3
    );
    assert_eq!(
        allocations(&candidates, "3 layers, foreign cookies"),
        [0, 0]
    );
}

#[test]
fn warm_token_is_read_without_an_allocation() {
    let cache = token::warm(Clock::system());
    let mut service = cache.clone();
    token::call(&mut service);
    assert_eq!(measure(|| _ = token::current(&cache)).count_total, 0);
    assert_eq!(measure(|| _ = token::get(&cache)).count_total, 0);
    assert_eq!(measure(|| _ = token::call(&mut service)).count_total, 0);
}

/// A login is not a hot path, but it must not become slow unnoticed.
#[test]
fn login_allocates_little() {
    let site = Site::with_sessions(1);
    let mut service = site.login.layer(Application(|_| true));
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
    // The first login allocates memory that is kept, so only the second one is counted.
    for is_counted in [false, true] {
        let (response_of_begin, of_begin) = send(start_login());
        let (_, of_callback) = send(callback(&response_of_begin));
        if is_counted {
            assert!(of_begin <= 28, "{of_begin}");
            assert!(of_callback <= 66, "{of_callback}");
        }
    }
}
