//! What reading a cached access token costs, from our cache and from those of others.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

#[path = "../cache/mod.rs"]
#[expect(dead_code, reason = "the upstream system is always well")]
mod cache;
#[path = "../../../report/mod.rs"]
mod report;
#[path = "../../../token/mod.rs"]
#[expect(dead_code, reason = "the caches have a source of their own")]
mod token;
#[path = "../../../turns/mod.rs"]
mod turns;

use std::hint::black_box;
use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use arc_swap::ArcSwap;
use cache::{Aws, Azure, Cache, Google, Minapp, Moka, MpSdk, Ours, Upstream};
use report::{Section, is_smoke};
use token::{LIFETIME, TOKEN_LENGTH};
use tokio::runtime::{Builder, Handle, Runtime};
use tower::Service;
use tower_weika::clock::{Clock, Timestamp};
use turns::Run;

/// What the others are in proportion to.
const REFERENCES: [&str; 4] = [
    "floor",
    "AWS identity cache",
    "wechat-minapp",
    "wechat-mp-sdk",
];

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

    fn read(&self) -> usize {
        let held = self.held.load();
        assert!(self.clock.now() < held.1);
        black_box(&*held.0).len()
    }
}

/// A way of reading, from one cache and from many.
struct Candidate {
    name: &'static str,
    allocations: u64,
    alone: Run<'static>,
    together: Run<'static>,
    many: Option<Run<'static>>,
}

impl Candidate {
    /// Every thread makes a reader of its own.
    fn new<C: Sync, R: FnMut() -> usize + 'static>(
        name: &'static str,
        caches: &'static [C],
        reader: impl Fn(&'static C) -> R + Copy + Sync + 'static,
    ) -> Self {
        let one = &caches[0];
        let mut readers: Vec<_> = caches.iter().map(reader).collect();
        let mut picked = 1_u64;
        let many = move |operations| {
            time(operations, || {
                // Knuth's MMIX generator; its high bits are good enough to pick with.
                picked = picked
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let index = usize::try_from(picked >> 33).expect("31 bits") % readers.len();
                readers[index]()
            })
        };
        let mut read = reader(one);
        read();
        Self {
            name,
            allocations: measure(|| assert_eq!(read(), TOKEN_LENGTH)).count_total,
            alone: Box::new(move |operations| time(operations, reader(one))),
            together: Box::new(move |operations| time_both(operations, || reader(one))),
            many: if caches.len() > 1 {
                Some(Box::new(many))
            } else {
                None
            },
        }
    }

    /// Those that have to be polled.
    fn polled<C: Cache>(runtime: &Runtime, apps: usize) -> Self {
        Self::new(C::NAME, warm::<C>(runtime, apps), |cache| {
            || finish(cache.read()).expect("a token")
        })
    }
}

/// So many caches that have fetched their tokens.
fn warm<C: Cache>(runtime: &Runtime, apps: usize) -> &'static [C] {
    let caches = Vec::leak(C::many(&Upstream::new(), apps));
    for cache in &*caches {
        assert_eq!(
            runtime.block_on(cache.read()),
            Some(TOKEN_LENGTH),
            "{}",
            C::NAME
        );
    }
    caches
}

/// Polls once: the token is there already.
fn finish<T>(read: impl Future<Output = T>) -> T {
    match pin!(read).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(read) => read,
        Poll::Pending => panic!("the token is there"),
    }
}

/// Every candidate has to deliver the token.
fn time(operations: u64, mut read: impl FnMut() -> usize) -> Duration {
    let start = Instant::now();
    for _ in 0..operations {
        assert_eq!(black_box(read()), TOKEN_LENGTH);
    }
    start.elapsed()
}

/// Two threads, so many operations each; the mean of both.
fn time_both<R: FnMut() -> usize>(operations: u64, make: impl Fn() -> R + Sync) -> Duration {
    let barrier = Barrier::new(2);
    let runtime = Handle::current();
    let run = || {
        let _inside = runtime.enter();
        let read = make();
        barrier.wait();
        time(operations, read)
    };
    thread::scope(|scope| {
        let other = scope.spawn(run);
        (run() + other.join().expect("does not panic")) / 2
    })
}

fn candidates(runtime: &Runtime) -> Vec<Candidate> {
    let apps = if is_smoke() { 10 } else { 10_000 };
    let floors = Vec::leak((0..apps).map(|_| Floor::new()).collect());
    let ours: &'static [Ours] = warm(runtime, apps);
    let current =
        |ours: &'static Ours| || ours.0.current().expect("the token is there").expose().len();
    let get = |ours: &'static Ours| || finish(ours.0.get()).expect("a token").expose().len();
    let service = |ours: &'static Ours| {
        let mut service = ours.0.clone();
        move || {
            let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(ready, Poll::Ready(Ok(()))));
            finish(service.call(())).expect("a token").expose().len()
        }
    };
    vec![
        Candidate::new("floor", floors, |floor| || floor.read()),
        Candidate::new("current()", ours, current),
        Candidate::new("get()", ours, get),
        Candidate::new("Service", ours, service),
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
    // Tasks run on a thread of their own; everything else is timed on this one.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let _inside = runtime.enter();
    let all = candidates(&runtime);
    let names: Vec<_> = all.iter().map(|candidate| candidate.name).collect();
    let allocations: Vec<_> = all.iter().map(|candidate| candidate.allocations).collect();
    let mut runs = Vec::new();
    for candidate in all {
        let many = candidate
            .many
            .unwrap_or_else(|| Box::new(|_| Duration::ZERO));
        runs.extend(
            [candidate.alone, candidate.together, many].map(|run| (candidate.name.to_owned(), run)),
        );
    }
    let medians = turns::medians(&mut runs, 101, 5_000);
    let times: &[[f64; 3]] = medians.as_chunks().0;

    let mut section = Section::new("tokens", "The access token, ours and those of others");
    section.text(
        "157 characters, there already; ns. With 10,000 applications, each has a cache and one is picked uniformly.",
    );
    let place = |name: &str| {
        names
            .iter()
            .position(|other| *other == name)
            .expect("one of the candidates")
    };
    let rows = names.iter().enumerate().map(|(index, name)| {
        let [one, two, many] = times[index];
        section.figure(&format!("{name}/1"), one);
        section.figure(&format!("{name}/2"), two);
        section.figure(&format!("{name}/allocations"), allocations[index] as f64);
        let many = if many > 0.0 {
            section.figure(&format!("{name}/10000"), many);
            format!("{many:.1}")
        } else {
            "–".to_owned()
        };
        let cells = [
            format!("{one:.1}"),
            format!("{two:.1}"),
            format!("{:.2}", two / one),
            many,
        ];
        let ratios = REFERENCES.map(|name| format!("{:.3}", one / times[place(name)][0]));
        [
            vec![(*name).to_owned()],
            cells.into(),
            vec![allocations[index].to_string()],
            ratios.into(),
        ]
        .concat()
    });
    let rows: Vec<_> = rows.collect();
    let ratios = REFERENCES.map(|name| format!("÷ {name}"));
    let mut header = vec![
        "read",
        "1 thread",
        "2 threads",
        "2 ÷ 1",
        "10,000 apps",
        "allocations",
    ];
    header.extend(ratios.iter().map(String::as_str));
    section.table(&header, &rows);
    section.finish();
}
