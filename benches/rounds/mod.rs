//! Requests sent in batches, to caches that are full of them or of something else.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::report::Section;
use crate::support::Candidate;
use crate::turns;

/// So many requests are timed at once; their headers were read just before.
const BATCH: usize = 32;
/// More than the caches of one core hold.
const WALK_BYTES: usize = 32 << 20;

/// Sends at least `operations` requests; before every batch, `disturb` runs.
pub(crate) fn run(
    candidate: &mut Candidate,
    operations: u64,
    mut disturb: impl FnMut(),
) -> Duration {
    let batches = operations.div_ceil(BATCH as u64);
    let mut total = Duration::ZERO;
    for _ in 0..batches {
        disturb();
        let values = candidate.pick::<BATCH>();
        let start = Instant::now();
        for value in &values {
            candidate.send(value);
        }
        total += start.elapsed();
    }
    // Whole batches were run; the time is that of the operations asked for.
    total.mul_f64(operations as f64 / (batches * BATCH as u64) as f64)
}

/// Leaves the caches full of something else.
pub(crate) struct Walk(Vec<u64>);

impl Walk {
    pub(crate) fn new() -> Self {
        Self(vec![1; WALK_BYTES / size_of::<u64>()])
    }

    pub(crate) fn walk(&self) {
        black_box(self.0.iter().step_by(64 / size_of::<u64>()).sum::<u64>());
    }
}

/// The medians of one request to every candidate.
pub(crate) fn medians(
    candidates: &[RefCell<Candidate>],
    cold: bool,
    rounds: u64,
    operations: u64,
) -> Vec<f64> {
    let walk = Walk::new();
    let runs = candidates.iter().map(|candidate| {
        let go = |operations| {
            run(&mut candidate.borrow_mut(), operations, || {
                if cold {
                    walk.walk();
                }
            })
        };
        (
            candidate.borrow().name.clone(),
            Box::new(go) as turns::Run<'_>,
        )
    });
    turns::medians(&mut runs.collect::<Vec<_>>(), rounds, operations)
}

/// Of one request, hot and cold. Hot: most of a turn, every session has been asked for before.
pub(crate) fn hot_and_cold(candidates: &[RefCell<Candidate>], sessions: usize) -> [Vec<f64>; 2] {
    [
        medians(candidates, false, 31, 8 * sessions as u64),
        medians(candidates, true, 151, BATCH as u64),
    ]
}

/// The allocations of one request: with a map of extensions that is there already, and without one.
pub(crate) fn allocations(candidate: &mut Candidate) -> [u64; 2] {
    let [value] = candidate.pick();
    candidate.send(&value);
    let there = allocation_counter::measure(|| candidate.send(&value)).count_total;
    candidate.without_map();
    [
        there,
        allocation_counter::measure(|| candidate.send(&value)).count_total,
    ]
}

/// What candidates cost over the first one, and in proportion to the second one.
pub(crate) fn table(
    section: &mut Section,
    candidates: Vec<Candidate>,
    sessions: usize,
    second: &str,
) {
    let candidates: Vec<_> = candidates.into_iter().map(RefCell::new).collect();
    let [hot, cold] = hot_and_cold(&candidates, sessions);
    let rows = candidates.iter().enumerate().map(|(index, candidate)| {
        let mut candidate = candidate.borrow_mut();
        let [there, not] = allocations(&mut candidate);
        let over = |medians: &[f64]| medians[index] - medians[0];
        let ratio = |medians: &[f64]| over(medians) / (medians[1] - medians[0]);
        section.figure(&format!("{}/hot", candidate.name), over(&hot));
        section.figure(&format!("{}/cold", candidate.name), over(&cold));
        vec![
            candidate.name.clone(),
            format!("{:.0}", over(&hot)),
            format!("{:.2}", ratio(&hot)),
            format!("{:.0}", over(&cold)),
            format!("{:.2}", ratio(&cold)),
            format!("{there} / {not}"),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let ratio = format!("÷ {second}");
    section.table(
        &[
            "candidate",
            "hot, ns over bare",
            &ratio,
            "cold, ns over bare",
            &ratio,
            "allocations (map there / not)",
        ],
        &rows,
    );
    section.text(&format!(
        "Bare: {:.0} ns hot, {:.0} ns cold.",
        hot[0], cold[0]
    ));
}
