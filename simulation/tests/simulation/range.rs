//! Ranges of seeds, run on all processors.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tower_weika_simulation::{PlantedFault, Report, run};

/// Consecutive seeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    first: u64,
    end: u64,
}

impl Range {
    pub(crate) fn new(first: u64, count: u64) -> Self {
        Self {
            first,
            end: first + count,
        }
    }

    pub(crate) fn is_one(self) -> bool {
        self.end == self.first + 1
    }

    /// Returns the run of the first seed that violates an invariant.
    pub(crate) fn first_violation(self, planted: Option<PlantedFault>) -> Option<Report> {
        let (next, end) = (AtomicU64::new(self.first), AtomicU64::new(self.end));
        let work = || {
            let mut failed = None;
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= end.load(Ordering::Relaxed) {
                    return failed;
                }
                let report = run(seed, planted);
                if report.violation.is_some() {
                    end.fetch_min(seed, Ordering::Relaxed);
                    failed = Some(report);
                }
            }
        };
        let count = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
            let found = threads
                .into_iter()
                .filter_map(|thread| thread.join().expect("a run does not panic"));
            found.min_by_key(|report| report.seed)
        })
    }
}

/// Returns the one seed in `SIMULATION_SEED`, or as many as `SIMULATION_SEEDS` says.
pub(crate) fn range_from_environment(default: u64) -> Range {
    let number = |name| {
        let text = std::env::var(name).ok()?;
        Some(
            text.parse()
                .unwrap_or_else(|_| panic!("{name} is a number")),
        )
    };
    match number("SIMULATION_SEED") {
        Some(seed) => Range::new(seed, 1),
        None => Range::new(0, number("SIMULATION_SEEDS").unwrap_or(default)),
    }
}
