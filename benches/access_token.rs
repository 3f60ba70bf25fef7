//! What reading the cached access token costs, beside the least that it could cost.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

mod report;
mod token;
mod turns;

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use report::Section;
use token::{LIFETIME, TOKEN_LENGTH};
use tower_weika::clock::{Clock, ManualClock, Timestamp};
use tower_weika::token::{TokenCache, TokenSource};
use turns::Run;

/// The least that answers the question: a token, and when it ends.
struct Floor {
    held: ArcSwap<(Box<str>, Timestamp)>,
    clock: Clock,
}

impl Floor {
    fn new() -> Self {
        let clock = Clock::system();
        let held =
            ArcSwap::from_pointee(("t".repeat(TOKEN_LENGTH).into(), clock.now().plus(LIFETIME)));
        Self { held, clock }
    }

    fn read(&self) {
        let held = self.held.load();
        assert!(self.clock.now() < held.1);
        token::check(&held.0);
    }
}

fn time(operations: u64, mut read: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..operations {
        read();
    }
    start.elapsed()
}

/// Two threads, so many operations each; the mean of both.
fn time_both<R: FnMut()>(operations: u64, make: impl Fn() -> R + Sync) -> Duration {
    let barrier = Barrier::new(2);
    let run = || {
        let read = make();
        barrier.wait();
        time(operations, read)
    };
    thread::scope(|scope| {
        let other = scope.spawn(run);
        (run() + other.join().expect("does not panic")) / 2
    })
}

/// With one thread and with two; every thread makes its own operation.
fn both<'c, R: FnMut()>(
    name: &str,
    make: impl Fn() -> R + Sync + Copy + 'c,
) -> [(String, Run<'c>); 2] {
    [
        (
            format!("{name}, 1 thread"),
            Box::new(move |operations| time(operations, make())),
        ),
        (
            format!("{name}, 2 threads"),
            Box::new(move |operations| time_both(operations, make)),
        ),
    ]
}

/// A cache whose token is near its end, while the one fetch for a new one takes its time.
fn in_window() -> TokenCache<impl TokenSource> {
    let hand = ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000));
    let cache = token::warm(hand.clock());
    hand.advance(LIFETIME - Duration::from_secs(10));
    let idle = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let entered = idle.enter();
    token::current(&cache);
    drop(entered);
    // Ending the runtime would end the fetch.
    Box::leak(Box::new(idle));
    cache
}

/// Everything that is compared, the floor first.
fn with_candidates(go: impl FnOnce(Vec<(String, Run<'_>)>)) {
    let floor = &Floor::new();
    let clock = &Clock::system();
    let cache = &token::warm(Clock::system());
    let early = &token::warm(ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000)).clock());
    let late = &in_window();
    let all = [
        both("floor", || || floor.read()),
        both("coarse clock", || || _ = black_box(clock.now())),
        both("Instant::now", || || _ = black_box(Instant::now())),
        both("current()", || || token::current(cache)),
        both("get()", || || token::get(cache)),
        both("Service", || {
            let mut service = cache.clone();
            move || token::call(&mut service)
        }),
        both("current(), manual clock", || || token::current(early)),
        both("current(), manual clock, in the refresh window", || {
            || token::current(late)
        }),
    ];
    go(all.into_iter().flatten().collect());
}

fn main() {
    let mut section = Section::new("access_token", "The access token");
    section.text("157 characters, read through the public API. The floor is an `ArcSwap` guard and the coarse clock.");
    with_candidates(|mut candidates| {
        let medians = turns::medians(&mut candidates, 301, 20_000);
        let rows = medians
            .chunks(2)
            .zip(candidates.chunks(2))
            .map(|(pair, names)| {
                let (one, two) = (pair[0], pair[1]);
                let name = names[0].0.trim_end_matches(", 1 thread");
                section.figure(&format!("{name}/1"), one);
                section.figure(&format!("{name}/2"), two);
                let ratios = [two / one, one / medians[0]].map(|ratio| format!("{ratio:.2}"));
                [
                    vec![name.to_owned(), format!("{one:.1}"), format!("{two:.1}")],
                    ratios.into(),
                ]
                .concat()
            });
        let rows: Vec<_> = rows.collect();
        section.table(
            &["read", "1 thread, ns", "2 threads, ns", "2 ÷ 1", "÷ floor"],
            &rows,
        );
    });
    section.finish();
}
