//! Ten thousand callers at once: of a cold cache, in an outage, and of a cache that is about to renew its token.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

#[path = "../cache/mod.rs"]
#[expect(dead_code, reason = "one cache at a time")]
mod cache;
#[path = "../../../report/mod.rs"]
mod report;
#[path = "../../../token/mod.rs"]
#[expect(dead_code, reason = "the caches have a source of their own")]
mod token;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::{Aws, Azure, Cache, Google, Manner, Minapp, Moka, MpSdk, Ours, Upstream};
use report::{Section, is_smoke};
use token::{LIFETIME, TOKEN_LENGTH};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout_at};

/// What one fetch takes.
const FETCH: Duration = Duration::from_millis(50);

/// What became of the callers.
struct Outcome {
    fetches: u64,
    /// How long each of them took, the longest last; those who still wait as long as was waited for them.
    took: Vec<Duration>,
    /// From the first caller to the last answer, if everybody has one.
    all_told: Option<Duration>,
    waiting: usize,
    told_of_failure: usize,
    /// Were given something else for a token.
    deceived: usize,
}

async fn rush<C: Cache>(cache: C, upstream: &Upstream) -> Outcome {
    let (callers, patience) = if is_smoke() {
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
            let asked = Instant::now();
            (cache.read().await, asked.elapsed(), start.elapsed())
        });
    }
    let mut told = Vec::with_capacity(callers);
    while let Ok(Some(one)) = timeout_at((start + patience).into(), tasks.join_next()).await {
        told.push(one.expect("does not panic"));
    }
    let waiting = tasks.len();
    let mut took: Vec<_> = told.iter().map(|(_, took, _)| *took).collect();
    took.sort_unstable();
    took.resize(callers, patience);
    let count = |is_so: fn(Option<usize>) -> bool| {
        told.iter().filter(|(length, ..)| is_so(*length)).count()
    };
    Outcome {
        fetches: upstream.fetches() - before,
        took,
        all_told: told
            .iter()
            .map(|(.., since_start)| *since_start)
            .max()
            .filter(|_| waiting == 0),
        waiting,
        told_of_failure: count(|length| length.is_none()),
        deceived: count(|length| length.is_some_and(|length| length != TOKEN_LENGTH)),
    }
}

/// The three situations, one after the other.
async fn situations<C: Cache>(sections: &mut Sections) {
    let usual = Manner {
        delay: FETCH,
        lifetime: LIFETIME,
        is_up: true,
    };
    for (situation, is_up) in [("cold", true), ("outage", false)] {
        let upstream = Upstream::new();
        upstream.behave(Manner { is_up, ..usual });
        let outcome = rush(C::new(&upstream), &upstream).await;
        sections.add(C::NAME, situation, &outcome);
    }
    let upstream = Upstream::new();
    if let Some(cache) = C::due(&upstream).await {
        upstream.behave(usual);
        let outcome = rush(cache, &upstream).await;
        // A fetch in the background has time to end.
        sleep(2 * FETCH).await;
        sections.add(C::NAME, "window", &outcome);
    }
}

struct Sections {
    section: Section,
    rows: Vec<Vec<String>>,
}

impl Sections {
    fn add(&mut self, name: &str, situation: &str, outcome: &Outcome) {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let p99 = outcome.took[(outcome.took.len() - 1) * 99 / 100];
        let held_up = outcome
            .took
            .iter()
            .filter(|took| **took > FETCH / 2)
            .count();
        let mut figure = |what: &str, value: f64| {
            self.section
                .figure(&format!("{name}/{situation}/{what}"), value)
        };
        figure("fetches", outcome.fetches as f64);
        figure("p99_us", millis(p99) * 1e3);
        figure("held_up", held_up as f64);
        figure("waiting", outcome.waiting as f64);
        figure("failures", outcome.told_of_failure as f64);
        figure("deceived", outcome.deceived as f64);
        if let Some(all_told) = outcome.all_told {
            figure("all_told_ms", millis(all_told));
        }
        self.rows.push(vec![
            name.to_owned(),
            situation.to_owned(),
            outcome.fetches.to_string(),
            format!("{:.4}", millis(p99)),
            outcome.all_told.map_or_else(
                || "–".to_owned(),
                |all_told| format!("{:.0}", millis(all_told)),
            ),
            held_up.to_string(),
            outcome.waiting.to_string(),
            outcome.told_of_failure.to_string(),
            outcome.deceived.to_string(),
        ]);
    }
}

fn main() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut sections = Sections {
        section: Section::new("herd", "Ten thousand callers at once"),
        rows: Vec::new(),
    };
    runtime.block_on(async {
        situations::<Ours>(&mut sections).await;
        situations::<Moka>(&mut sections).await;
        situations::<Aws>(&mut sections).await;
        situations::<Azure>(&mut sections).await;
        situations::<Google>(&mut sections).await;
        situations::<Minapp>(&mut sections).await;
        situations::<MpSdk>(&mut sections).await;
    });
    let Sections { mut section, rows } = sections;
    section.text(
        "Cold: the cache is empty and a fetch takes 50 ms. Outage: it fails after 50 ms. Window: there is a valid \
         token that is due to be replaced. After 5 s nobody is waited for any more. Held up: took longer than half a \
         fetch. Deceived: were given something else for a token. Not there: situations that a cache does not know \
         or that cannot be brought about.",
    );
    section.table(
        &[
            "cache",
            "situation",
            "fetches",
            "p99, ms",
            "all told, ms",
            "held up",
            "still waiting",
            "failures",
            "deceived",
        ],
        &rows,
    );
    section.finish();
}
