//! What the hot paths allocate. The counter counts for its own thread only.

#[path = "../benches/support/mod.rs"]
mod support;
#[path = "../benches/token/mod.rs"]
mod token;

use allocation_counter::measure;
use support::{Candidate, Site};
use tower_weika::clock::Clock;

/// The allocations of one request: with a map of extensions that is there already, and without one.
fn allocations(candidates: &mut [Candidate], name: &str) -> [u64; 2] {
    let candidate = candidates.iter_mut().find(|candidate| candidate.name == name).expect("a candidate");
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
    assert_eq!(allocations(&mut candidates, "authenticate, live session"), by_hand);
    assert_eq!(allocations(&mut candidates, "login, live session"), by_hand);
}

#[test]
fn strangers_allocate_nothing() {
    let mut candidates = Site::with_sessions(1).candidates();
    for layer in ["authenticate", "login"] {
        for visitor in ["no cookie", "foreign cookies", "unknown session"] {
            assert_eq!(allocations(&mut candidates, &format!("{layer}, {visitor}")), [0, 0], "{layer}, {visitor}");
        }
    }
}

#[test]
fn warm_token_is_read_without_an_allocation() {
    let cache = token::warm(Clock::system());
    let length = || assert_eq!(cache.current().expect("the token is there").expose().len(), token::TOKEN_LENGTH);
    length();
    assert_eq!(measure(length).count_total, 0);
}
