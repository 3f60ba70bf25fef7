//! Ten thousand concurrent callers: of an empty cache, in an outage, and of a cache that is about
//! to renew its token.

use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::token::{LENGTH, LIFETIME};
use harness::{Report, is_smoke};
use peers::caches::{
    Aws, Azure, Behaviour, Cache, Google, Minapp, Moka, MpSdk, TowerWeika, Upstream,
};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout_at};

/// The duration of one fetch.
const FETCH: Duration = Duration::from_millis(50);

/// All callers read from a cache; adds a row with the result.
async fn read_at_once<C: Cache>(
    report: &mut Report,
    situation: &str,
    cache: C,
    upstream: &Upstream,
) {
    let (callers, limit) = if is_smoke() {
        (100, Duration::from_millis(500))
    } else {
        (10_000, Duration::from_secs(5))
    };
    let cache = Arc::new(cache);
    let before = upstream.fetches();
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let cache = Arc::clone(&cache);
        tasks.spawn(async move {
            let called = Instant::now();
            (cache.read().await, called.elapsed(), start.elapsed())
        });
    }
    let mut results = Vec::with_capacity(callers);
    while let Ok(Some(one)) = timeout_at((start + limit).into(), tasks.join_next()).await {
        results.push(one.expect("does not panic"));
    }
    let waiting = tasks.len();
    let fetches = upstream.fetches() - before;
    // A background fetch has time to complete.
    sleep(2 * FETCH).await;

    let mut took: Vec<_> = results.iter().map(|(_, took, _)| *took).collect();
    took.sort_unstable();
    took.resize(callers, limit);
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let count = |is_so: fn(Option<usize>) -> bool| {
        results.iter().filter(|(length, ..)| is_so(*length)).count() as f64
    };
    let all_served = results
        .iter()
        .map(|(.., since_start)| *since_start)
        .max()
        .filter(|_| waiting == 0);
    report.row(
        &format!("{}, {situation}", C::NAME),
        &[
            ("fetches", fetches as f64),
            ("p99, ms", millis(took[(callers - 1) * 99 / 100])),
            ("all served, ms", all_served.map_or(f64::NAN, millis)),
            (
                "delayed",
                took.iter().filter(|took| **took > FETCH / 2).count() as f64,
            ),
            ("still waiting", waiting as f64),
            ("failures", count(|length| length.is_none())),
            (
                "no token as success",
                count(|length| length.is_some_and(|length| length != LENGTH)),
            ),
        ],
    );
}

/// The three situations, one after the other.
async fn situations<C: Cache>(report: &mut Report) {
    let usual = Behaviour {
        delay: FETCH,
        lifetime: LIFETIME,
        is_up: true,
    };
    for (situation, is_up) in [("cold", true), ("outage", false)] {
        let upstream = Upstream::new();
        upstream.behave(Behaviour { is_up, ..usual });
        read_at_once(report, situation, C::new(&upstream), &upstream).await;
    }
    let upstream = Upstream::new();
    if let Some(cache) = C::due(&upstream).await {
        upstream.behave(usual);
        read_at_once(report, "window", cache, &upstream).await;
    }
}

fn main() {
    let mut report = Report::new("concurrent_reads", "Ten thousand concurrent callers");
    report.table(
        "cache, situation",
        "Cold: the cache is empty and a fetch takes 50 ms. Outage: it fails after 50 ms. Window: there is a valid token \
         that is due to be replaced. Callers without a result after 5 s are still waiting. Delayed: took longer than \
         half a fetch. No token as success: received something else as a token. Missing rows: situations that a cache \
         does not support or that cannot be set up.",
    );
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        situations::<TowerWeika>(&mut report).await;
        situations::<Moka>(&mut report).await;
        situations::<Aws>(&mut report).await;
        situations::<Azure>(&mut report).await;
        situations::<Google>(&mut report).await;
        situations::<Minapp>(&mut report).await;
        situations::<MpSdk>(&mut report).await;
    });
    report.finish();
}
