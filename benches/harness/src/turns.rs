//! Interleaved measurement: candidates run in turns and in random order, so that other load on the
//! machine affects all of them.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::is_smoke;

/// Runs this many operations and returns how long they took.
pub type Run<'c> = Box<dyn FnMut(u64) -> Duration + 'c>;

/// Returns the median of each candidate in nanoseconds per operation; in smoke mode after one short
/// round.
pub fn medians(candidates: &mut [Run<'_>], rounds: u64, operations: u64) -> Vec<f64> {
    let (rounds, operations) = if is_smoke() {
        (1, operations.min(64))
    } else {
        (rounds, operations)
    };
    let mut samples = vec![Vec::new(); candidates.len()];
    let mut order: Vec<_> = (0..candidates.len()).collect();
    let mut random = 1;
    for _ in 0..rounds {
        for last in (1..order.len()).rev() {
            order.swap(last, crate::pick(&mut random, last + 1));
        }
        for &index in &order {
            let time = candidates[index](operations);
            samples[index].push(time.as_secs_f64() * 1e9 / operations as f64);
        }
    }
    samples.into_iter().map(median).collect()
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures how long these operations take.
pub fn time<T>(operations: u64, mut operation: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..operations {
        black_box(operation());
    }
    start.elapsed()
}

/// Returns the mean time of two threads that start together: each waits at the barrier when it is
/// ready.
pub fn together(
    one: impl FnOnce(&Barrier) -> Duration,
    other: impl FnOnce(&Barrier) -> Duration + Send,
) -> Duration {
    let (barrier, runtime) = (Barrier::new(2), Handle::try_current());
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            let _inside = runtime.as_ref().map(Handle::enter);
            other(&barrier)
        });
        (one(&barrier) + other.join().expect("does not panic")) / 2
    })
}
