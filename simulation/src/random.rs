//! Randomness of the world around the instances.

use std::time::Duration;

use parking_lot::Mutex;

/// Seeded generator (SplitMix64).
#[derive(Debug)]
pub(crate) struct Random(Mutex<u64>);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed ^ 0x5DEE_CE66_D1CE_4E5B))
    }

    pub(crate) fn next(&self) -> u64 {
        let mut state = self.0.lock();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from `low` to `high`, both included.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub(crate) fn millis(&self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }

    /// Returns an index below `length`.
    pub(crate) fn index(&self, length: usize) -> usize {
        usize::try_from(self.next() % length as u64).expect("an index")
    }

    /// Returns `true` in so many of a thousand cases.
    pub(crate) fn chance(&self, per_mille: u64) -> bool {
        self.next() % 1_000 < per_mille
    }
}
