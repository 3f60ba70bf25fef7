//! Candidates that serve the same request, side by side.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::candidate::{Candidate, Client};
use crate::turns::{self, Run};
use crate::{Report, is_smoke};

/// This many requests are timed together; their headers are read just before.
const BATCH: usize = 32;
/// More than the caches of one core hold.
const WALK_BYTES: usize = 32 << 20;

/// Counts the allocations of a piece of work, and the bytes that it leaves on the heap.
///
/// The counting allocator is active in every program that links it, and costs instructions.
/// Programs that count instructions do not link it.
pub type Meter = fn(&mut dyn FnMut()) -> (u64, i64);

/// Counts nothing.
pub fn unmetered(work: &mut dyn FnMut()) -> (u64, i64) {
    work();
    (0, 0)
}

/// Sends at least `operations` requests; before every batch, `disturb` runs.
fn run(client: &mut Client, operations: u64, mut disturb: impl FnMut()) -> Duration {
    let batches = operations.div_ceil(BATCH as u64);
    let mut total = Duration::ZERO;
    for _ in 0..batches {
        disturb();
        let values = client.pick::<BATCH>();
        let start = Instant::now();
        for value in &values {
            client.send(value);
        }
        total += start.elapsed();
    }
    // Whole batches were run; the time is scaled to the requested operations.
    total.mul_f64(operations as f64 / (batches * BATCH as u64) as f64)
}

/// The median time of a request to each candidate, minus that of the first one, which is returned
/// unchanged. Hot: for most of a round, every session has been looked up before.
pub fn hot(candidates: &[Candidate], sessions: usize) -> Vec<f64> {
    medians(candidates, || {}, 31, (8 * sessions as u64).min(200_000))
}

/// Cold: the caches are full of other data.
pub fn cold(candidates: &[Candidate]) -> Vec<f64> {
    let walk = vec![1_u64; WALK_BYTES / size_of::<u64>()];
    let disturb = || _ = black_box(walk.iter().step_by(64 / size_of::<u64>()).sum::<u64>());
    medians(candidates, disturb, 151, BATCH as u64)
}

fn medians(candidates: &[Candidate], disturb: impl Fn(), rounds: u64, operations: u64) -> Vec<f64> {
    let runs = candidates.iter().map(|candidate| {
        let (mut client, disturb) = (candidate.client(), &disturb);
        Box::new(move |operations| run(&mut client, operations, disturb)) as Run<'_>
    });
    let mut medians = turns::medians(&mut runs.collect::<Vec<_>>(), rounds, operations);
    let bare = medians[0];
    medians[1..].iter_mut().for_each(|median| *median -= bare);
    medians
}

/// The times of a request with one sending thread and with two, for each candidate in turn.
fn threads(candidates: &[Candidate]) -> Vec<f64> {
    let runs = candidates.iter().flat_map(|candidate| {
        let [mut alone, mut one] = [(); 2].map(|()| RefCell::new(candidate.client()));
        let mut other = candidate.client().apart();
        let alone: Run<'_> = Box::new(move |operations| run(alone.get_mut(), operations, || {}));
        let both: Run<'_> = Box::new(move |operations| {
            let run = |client| {
                move |barrier: &std::sync::Barrier| {
                    barrier.wait();
                    run(client, operations, || {})
                }
            };
            turns::together(run(one.get_mut()), run(&mut other))
        });
        [alone, both]
    });
    turns::medians(&mut runs.collect::<Vec<_>>(), 31, 10_000)
}

/// The table of all figures of a request. The first candidate is the bare application.
pub fn table(
    report: &mut Report,
    candidates: &[Candidate],
    sessions: usize,
    references: &[&str],
    meter: Meter,
) {
    let (hot, cold, threads) = (
        hot(candidates, sessions),
        cold(candidates),
        threads(candidates),
    );
    for (index, candidate) in candidates.iter().enumerate() {
        let mut client = candidate.client();
        let [value] = client.pick();
        client.send(&value);
        let allocations = meter(&mut || client.send(&value)).0;
        client.without_map();
        let allocations_without_map = meter(&mut || client.send(&value)).0;
        let [alone, both] = [threads[2 * index], threads[2 * index + 1]];
        let over_bare = |medians: &[f64]| if index == 0 { 0.0 } else { medians[index] };
        report.row(
            &candidate.name,
            &[
                ("hot, ns", over_bare(&hot)),
                ("cold, ns", over_bare(&cold)),
                ("allocations", allocations as f64),
                ("without a map", allocations_without_map as f64),
                (
                    "heap per session, B",
                    candidate
                        .heap
                        .map_or(f64::NAN, |heap| heap as f64 / sessions as f64),
                ),
                ("1 thread, ns", alone),
                ("2 threads, ns", both),
                ("2 ÷ 1", both / alone),
            ],
        );
    }
    report.ratios("hot, ns", references);
    report.ratios("cold, ns", references);
    report.text(&format!(
        "Bare: {:.0} ns hot, {:.0} ns cold.",
        hot[0], cold[0]
    ));
}

/// The table of the cost of a request with growing numbers of sessions. The first candidate is the
/// bare application; those in `both` are measured hot as well.
pub fn growth(report: &mut Report, both: [&str; 2], candidates: impl Fn(usize) -> Vec<Candidate>) {
    let sizes: &[usize] = if is_smoke() {
        &[100, 1_000]
    } else {
        &[1_000, 10_000, 100_000, 1_000_000]
    };
    let mut rows: Vec<(String, Vec<(String, f64)>)> = Vec::new();
    // Only one size is in memory at a time: a million sessions of each candidate take several
    // gigabytes.
    for &sessions in sizes {
        let mut candidates = candidates(sessions);
        let colds = cold(&candidates);
        rows.resize_with(candidates.len(), Default::default);
        for ((row, candidate), cold) in rows.iter_mut().zip(&candidates).zip(colds) {
            row.0.clone_from(&candidate.name);
            row.1.push((format!("{sessions}, cold"), cold));
        }
        candidates.retain(|it| it.name == "bare" || both.contains(&&*it.name));
        for (candidate, hot) in candidates.iter().zip(hot(&candidates, sessions)) {
            let row = rows
                .iter_mut()
                .find(|(name, _)| *name == candidate.name)
                .expect("one of the candidates");
            row.1.push((format!("{sessions}, hot"), hot));
        }
    }
    for (name, cells) in &rows[1..] {
        report.row(
            name,
            &cells
                .iter()
                .map(|(column, figure)| (&**column, *figure))
                .collect::<Vec<_>>(),
        );
    }
}
