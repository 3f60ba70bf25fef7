//! Several candidates, measured in turns and in random order, so that what else the machine does hits all.

use std::time::Duration;

use crate::report::is_smoke;

/// Runs so many operations and says how long they took.
pub(crate) type Run<'c> = Box<dyn FnMut(u64) -> Duration + 'c>;

/// The median of every candidate, in nanoseconds per operation; in smoke mode after one short round.
pub(crate) fn medians(
    candidates: &mut [(String, Run<'_>)],
    rounds: u64,
    operations: u64,
) -> Vec<f64> {
    let (rounds, operations) = if is_smoke() {
        (1, operations.min(64))
    } else {
        (rounds, operations)
    };
    let mut samples = vec![Vec::new(); candidates.len()];
    let mut order: Vec<_> = (0..candidates.len()).collect();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..rounds {
        for last in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = random % u64::try_from(last + 1).expect("small");
            order.swap(last, usize::try_from(other).expect("small"));
        }
        for &index in &order {
            let time = candidates[index].1(operations);
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 operations")]
            samples[index].push(time.as_secs_f64() * 1e9 / operations as f64);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    samples.into_iter().map(median).collect()
}
