//! Repeats one operation, for `instructions.sh` to count its instructions.
//!
//! `instructions MODE TIMES`; without a mode, every one of them once.

mod support;
mod token;

use std::hint::black_box;

use support::Site;
use tower_weika::clock::Clock;

const SESSIONS: usize = 1_000;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let mode = arguments.first();
    let times: usize = arguments.get(1).map_or(1, |times| times.parse().expect("a number"));
    if mode.is_none_or(|mode| mode == "access token") {
        let cache = token::warm(Clock::system());
        for _ in 0..times {
            assert_eq!(black_box(cache.current().expect("the token is there").expose()).len(), token::TOKEN_LENGTH);
        }
    }
    if mode.is_none_or(|mode| mode != "access token") {
        for mut candidate in Site::with_sessions(SESSIONS).candidates() {
            if mode.is_none() {
                candidate.without_map();
            }
            if mode.is_none_or(|mode| *mode == candidate.name) {
                for _ in 0..times {
                    let [value] = candidate.pick();
                    candidate.send(&value);
                }
            }
        }
    }
}
