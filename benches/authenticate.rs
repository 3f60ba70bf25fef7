//! What a request costs on its way through the layers, over the bare application: who asks, how many sessions there are,
//! how many threads, how many layers; and what a session costs in memory.

mod limit;
mod report;
mod rounds;
mod stack;
mod support;
mod turns;

use std::cell::RefCell;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use http::HeaderValue;
use limit::Limit;
use report::{Section, is_smoke};
use support::{Candidate, Person, Site};
use tower_weika::clock::Clock;
use tower_weika::session::{Session, SessionId, SessionTimeouts};
use tower_weika::store::{MemoryStore, SessionStore};
use turns::Run;

/// How many people are logged in, if nothing else is said.
fn sessions() -> usize {
    if is_smoke() { 1_000 } else { 10_000 }
}

/// A request at a time, taken from caches that are full of something else.
const COLD_OPERATIONS: u64 = 32;

fn main() {
    let mut section = Section::new("authenticate", "A request through the layers");
    visitors(&mut section);
    growth(&mut section);
    workers(&mut section);
    layers(&mut section);
    heap(&mut section);
    section.finish();
}

/// Who asks.
fn visitors(section: &mut Section) {
    section.text(
        "Ten usual headers, four foreign cookies before ours, 10,000 live sessions picked uniformly. Cold: 32 MiB were \
         read before every 32 requests. Insert: one `Arc` goes into the extensions, nobody goes below. Limit: a cookie \
         is found and decoded, 22 characters of it, looked up in a map that nobody can write to, the coarse clock \
         asked, and an `Arc` inserted.",
    );
    let site = Site::with_sessions(sessions());
    let mut candidates = site.candidates();
    candidates.insert(2, Limit::of(&site).candidate(&site));
    rounds::table(section, candidates, sessions(), "insert");
}

/// More sessions, one number at a time.
fn growth(section: &mut Section) {
    section.text(
        "More sessions, ns over the bare application. Hot: nothing else happens in between, however much of the \
         sessions the caches can hold.",
    );
    let numbers: &[usize] = if is_smoke() {
        &[100, 1_000]
    } else {
        &[1_000, 10_000, 100_000, 1_000_000]
    };
    let rows = numbers.iter().map(|&sessions| {
        let site = Site::with_sessions(sessions);
        let limit = Limit::of(&site);
        let candidates = [
            support::bare(&site.live),
            limit.candidate(&site),
            site.live("login, live session"),
        ]
        .map(RefCell::new);
        let hot = rounds::medians(&candidates, false, 15, (8 * sessions as u64).min(200_000));
        let cold = rounds::medians(&candidates, true, 151, COLD_OPERATIONS);
        let figures = [("limit", 1), ("login, live session", 2)].map(|(name, index)| {
            [("hot", &hot), ("cold", &cold)].map(|(caches, medians)| {
                let over = medians[index] - medians[0];
                section.figure(&format!("growth/{name}/{sessions}/{caches}"), over);
                over
            })
        });
        let [[limit_hot, limit_cold], [hot, cold]] = figures;
        let ratio = cold / limit_cold;
        let cells = [limit_hot, hot, limit_cold, cold].map(|figure| format!("{figure:.0}"));
        [
            vec![sessions.to_string()],
            cells.into(),
            vec![format!("{ratio:.2}")],
        ]
        .concat()
    });
    let rows: Vec<_> = rows.collect();
    let header = [
        "sessions",
        "limit, hot",
        "live session, hot",
        "limit, cold",
        "live session, cold",
        "÷ limit, cold",
    ];
    section.table(&header, &rows);
}

/// Two threads on one layer, each with a service and with visitors of its own.
fn workers(section: &mut Section) {
    section.text("Two threads at once on one layer, the whole request with the bare application.");
    let site = Site::with_sessions(sessions());
    let limit = Limit::of(&site);
    let make: [(&str, &dyn Fn() -> Candidate); 4] = [
        ("bare", &|| support::bare(&site.live)),
        ("insert by hand", &|| support::insert_by_hand(&site.live)),
        ("limit", &|| limit.candidate(&site)),
        ("login, live session", &|| site.live("login, live session")),
    ];
    let runs = make.iter().flat_map(|(name, make)| {
        let [mut alone, mut one, mut other] = [(); 3].map(|()| {
            let mut candidate = make();
            candidate.values = apart(&candidate.values);
            candidate
        });
        // Otherwise both would always ask for the same session.
        drop::<[HeaderValue; 7]>(other.pick());
        let alone: Run<'_> = Box::new(move |operations| rounds::run(&mut alone, operations, || {}));
        let both: Run<'_> = Box::new(move |operations| together(&mut one, &mut other, operations));
        [
            (format!("{name}, 1 thread"), alone),
            (format!("{name}, 2 threads"), both),
        ]
    });
    let medians = turns::medians(&mut runs.collect::<Vec<_>>(), 51, 20_000);
    let rows = make
        .iter()
        .zip(medians.as_chunks().0)
        .map(|((name, _), [alone, both])| {
            section.figure(&format!("workers/{name}"), both / alone);
            vec![
                (*name).to_owned(),
                format!("{alone:.0}"),
                format!("{both:.0}"),
                format!("{:.2}", both / alone),
            ]
        });
    let rows: Vec<_> = rows.collect();
    section.table(
        &["candidate", "1 thread, ns", "2 threads, ns", "2 ÷ 1"],
        &rows,
    );
}

/// The same headers, in memory that no other thread touches.
fn apart(values: &[HeaderValue]) -> Arc<[HeaderValue]> {
    values
        .iter()
        .map(|value| HeaderValue::from_bytes(value.as_bytes()).expect("a header value"))
        .collect()
}

/// The mean of both threads.
fn together(one: &mut Candidate, other: &mut Candidate, operations: u64) -> Duration {
    let barrier = Barrier::new(2);
    let run = |candidate| {
        barrier.wait();
        rounds::run(candidate, operations, || {})
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| run(other));
        (run(one) + other.join().expect("does not panic")) / 2
    })
}

/// More layers around one application.
fn layers(section: &mut Section) {
    section.text("Login layers around one application, each with 10,000 live sessions; ns over the bare application.");
    let candidates: Vec<_> = stack::candidates(sessions())
        .into_iter()
        .map(RefCell::new)
        .collect();
    let [hot, cold] = rounds::hot_and_cold(&candidates, sessions());
    let rows = candidates
        .iter()
        .enumerate()
        .skip(1)
        .map(|(index, candidate)| {
            let name = &candidate.borrow().name;
            let key = name
                .replace(" layers", "")
                .replace(" layer", "")
                .replace(", session of the innermost", "");
            let figures = [("hot", &hot), ("cold", &cold)].map(|(caches, medians)| {
                let over = medians[index] - medians[0];
                section.figure(&format!("stacked/{key}/{caches}"), over);
                format!("{over:.0}")
            });
            [vec![name.clone()], figures.into()].concat()
        });
    let rows: Vec<_> = rows.collect();
    section.table(&["layers", "hot ns", "cold ns"], &rows);
}

/// What a session costs in memory, beside the identity that is in it.
fn heap(section: &mut Section) {
    let count = if is_smoke() { 1_000 } else { 100_000 };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let now = Clock::system().now();
    let session = |number| {
        let id = SessionId::random().expect("randomness");
        Session::new(
            id,
            Person::numbered(number),
            SessionTimeouts::default(),
            now,
        )
    };
    // The text of an identity is allocated here, and not counted.
    let mut waiting: Vec<_> = (0..count).map(session).collect();
    let mut filled = None;
    let grown = allocation_counter::measure(|| {
        let store = filled.insert(
            MemoryStore::<Person>::builder()
                .capacity(2 * count as u64)
                .build(),
        );
        for session in waiting.drain(..) {
            let inserted = runtime.block_on(async {
                let since = store.stamp(session.namespace()).await?;
                store.insert(session, None, since).await
            });
            let _kept = inserted.expect("the store takes it");
        }
    });
    let [whole, identity] = [
        grown.bytes_current as f64 / count as f64,
        size_of::<Person>() as f64,
    ];
    section.figure("heap", whole - identity);
    section.text(&format!(
        "A session in the `MemoryStore`, {count} of them: {:.0} B beside the identity, which is {identity} B and its text.",
        whole - identity
    ));
}
