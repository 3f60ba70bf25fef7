//! Requests sent in batches, to caches that are full of them or of something else.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::support::Candidate;

/// So many requests are timed at once; their headers were read just before.
pub(crate) const BATCH: usize = 32;
/// More than the caches of one core hold.
const WALK_BYTES: usize = 32 << 20;

/// Sends at least `operations` requests; before every batch, `disturb` runs.
pub(crate) fn run(candidate: &mut Candidate, operations: u64, mut disturb: impl FnMut()) -> Duration {
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
