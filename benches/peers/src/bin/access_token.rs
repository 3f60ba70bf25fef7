//! The cost of reading a cached access token, from the cache of this crate and from those of peers.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use harness::token::{self, LENGTH, LIFETIME, LowerBound};
use harness::turns::{self, Run, time, together};
use harness::{Report, at_once, background_runtime, is_smoke, pick, runtime};
use peers::caches::{Aws, Azure, Cache, Google, Minapp, Moka, MpSdk, TowerWeika, Upstream};
use tokio::runtime::Runtime;
use tower_weika::clock::{Clock, ManualClock, Timestamp};
use tower_weika::token::{TokenCache, TokenSource};

/// The references of the ratios.
const REFERENCES: [&str; 4] = [
    "lower bound",
    "AWS identity cache",
    "wechat-minapp",
    "wechat-mp-sdk",
];

/// A way of reading: by one thread, by two, and from many caches.
struct Candidate {
    name: &'static str,
    allocations: u64,
    runs: [Run<'static>; 3],
}

impl Candidate {
    /// Every thread creates its reader.
    fn new<C: Sync + 'static, R: FnMut() -> usize + 'static>(
        name: &'static str,
        caches: Vec<C>,
        reader: impl Fn(&'static C) -> R + Copy + Send + Sync + 'static,
    ) -> Self {
        let caches: &'static [C] = caches.leak();
        let mut readers: Vec<_> = caches.iter().map(reader).collect();
        let mut picked = 1;
        let many = move |operations| {
            if readers.len() == 1 {
                return Duration::ZERO;
            }
            time(operations, || {
                let index = pick(&mut picked, readers.len());
                checked(&mut readers[index]);
            })
        };
        let run = move |operations, barrier: &Barrier| {
            let mut read = reader(&caches[0]);
            barrier.wait();
            time(operations, || checked(&mut read))
        };
        let mut read = reader(&caches[0]);
        read();
        let allocations = measure(|| checked(&mut read)).count_total;
        let both = move |operations| {
            together(
                |barrier| run(operations, barrier),
                |barrier| run(operations, barrier),
            )
        };
        let alone = move |operations| run(operations, &Barrier::new(1));
        Self {
            name,
            allocations,
            runs: [Box::new(alone), Box::new(both), Box::new(many)],
        }
    }

    /// Caches that have to be polled.
    fn polled<C: Cache>(runtime: &Runtime, apps: usize) -> Self {
        Self::new(C::NAME, warm::<C>(runtime, apps), |cache| {
            || at_once(cache.read()).expect("a token")
        })
    }
}

/// Checks that every read returns the token.
fn checked(read: &mut impl FnMut() -> usize) {
    assert_eq!(black_box(read()), LENGTH);
}

/// Creates this many caches that have fetched their tokens.
fn warm<C: Cache>(runtime: &Runtime, apps: usize) -> Vec<C> {
    let caches = C::many(&Upstream::new(), apps);
    for cache in &caches {
        assert_eq!(runtime.block_on(cache.read()), Some(LENGTH), "{}", C::NAME);
    }
    caches
}

/// A cache whose token is about to expire, while the fetch of a new one is pending.
fn in_window() -> TokenCache<impl TokenSource> {
    let hand = ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000));
    let cache = token::warm(hand.clock());
    hand.advance(LIFETIME - Duration::from_secs(10));
    // Leaked, because dropping the runtime would cancel the fetch; it is never driven.
    let idle = Box::leak(Box::new(runtime()));
    let _inside = idle.enter();
    token::current(&cache);
    cache
}

/// Reads a clock only, without a token.
fn read_clock<T>(now: impl FnOnce() -> T) -> usize {
    black_box(now());
    LENGTH
}

fn candidates(runtime: &Runtime) -> Vec<Candidate> {
    let apps = if is_smoke() { 10 } else { 10_000 };
    let weika = || warm::<TowerWeika>(runtime, apps);
    let manual = ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000)).clock();
    vec![
        Candidate::new(
            "lower bound",
            (0..apps).map(|_| LowerBound::default()).collect(),
            |it| || it.read(),
        ),
        Candidate::new("coarse clock", vec![Clock::system()], |clock| {
            || read_clock(|| clock.now())
        }),
        Candidate::new("Instant::now", vec![()], |()| || read_clock(Instant::now)),
        Candidate::new("current()", weika(), |it| || token::current(&it.0)),
        Candidate::new("get()", weika(), |it| || token::get(&it.0)),
        Candidate::new("Service", weika(), |it| {
            let mut service = it.0.clone();
            move || token::call(&mut service)
        }),
        Candidate::new(
            "current(), manual clock",
            vec![token::warm(manual)],
            |cache| || token::current(cache),
        ),
        Candidate::new(
            "current(), in the refresh window",
            vec![in_window()],
            |cache| || token::current(cache),
        ),
        Candidate::polled::<Moka>(runtime, apps),
        Candidate::polled::<Aws>(runtime, apps),
        Candidate::polled::<Azure>(runtime, apps),
        // Ten thousand of them would be ten thousand HTTP clients and as many tasks.
        Candidate::polled::<Google>(runtime, 1),
        Candidate::polled::<Minapp>(runtime, apps),
        Candidate::polled::<MpSdk>(runtime, apps),
    ]
}

fn main() {
    // Tasks run on a separate thread; everything else is timed on this one.
    let runtime = background_runtime();
    let _inside = runtime.enter();
    let (names, runs): (Vec<_>, Vec<_>) = candidates(&runtime)
        .into_iter()
        .map(|it| ((it.name, it.allocations), it.runs))
        .unzip();
    let medians = turns::medians(
        &mut runs.into_iter().flatten().collect::<Vec<_>>(),
        101,
        5_000,
    );
    let mut report = Report::new("access_token", "The access token");
    report.table(
        "read",
        "157 characters, fetched before; ns. With 10,000 applications, each has a cache and one is picked uniformly. \
         The lower bound is an `ArcSwap` guard and the coarse clock; the manual clock costs almost nothing.",
    );
    for ((name, allocations), times) in names.iter().zip(medians.chunks(3)) {
        let many = if times[2] > 0.0 { times[2] } else { f64::NAN };
        report.row(
            name,
            &[
                ("1 thread", times[0]),
                ("2 threads", times[1]),
                ("2 ÷ 1", times[1] / times[0]),
                ("10,000 apps", many),
                ("allocations", *allocations as f64),
            ],
        );
    }
    report.ratios("1 thread", &REFERENCES);
    report.finish();
}
