//! Seams for the deterministic simulation in the folder `simulation`, which builds the crate with
//! `--cfg simulation`: seeded randomness, one pool of permits for each simulated instance, and
//! planted faults. No other build contains this module.

use std::cell::Cell;
use std::thread;

thread_local! {
    static RANDOM: Cell<u64> = const { Cell::new(0) };
    static INSTANCE: Cell<u64> = const { Cell::new(0) };
    static PLANTED: Cell<Option<PlantedFault>> = const { Cell::new(None) };
}

/// A fault of this crate, planted to show that the simulation finds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the simulation plants each of them"
)]
pub enum PlantedFault {
    /// An outcome is shared for 60 seconds inclusive.
    JoinWindow,
    /// The local cache ignores the invalidation of one session.
    Invalidation,
    /// A token that was fetched under a lease which has expired since is used.
    Fence,
    /// A rejected token drops the token in the cache, whichever that is.
    Recheck,
    /// The permit of a callback whose flow another instance has claimed is not returned.
    Permit,
}

impl PlantedFault {
    pub(crate) fn is_planted(self) -> bool {
        PLANTED.get() == Some(self)
    }

    /// Leaks a value if the fault is planted, and returns it otherwise.
    pub(crate) fn leaks<T>(self, value: T) -> Option<T> {
        if self.is_planted() {
            Box::leak(Box::new(value));
            return None;
        }
        Some(value)
    }
}

/// Starts a run on this thread: seeds the randomness of the crate, and plants a fault.
pub fn start(seed: u64, planted: Option<PlantedFault>) {
    RANDOM.set(seed);
    PLANTED.set(planted);
}

/// Makes the clients that are built on this thread from now on those of one instance.
pub fn enter_instance(number: u64) {
    INSTANCE.set(number);
}

/// Returns the name of an upstream host within the current instance: its permits are not those of
/// other instances in the same process.
pub(crate) fn of_instance(host: &str) -> String {
    format!("{:?} {} {host}", thread::current().id(), INSTANCE.get())
}

/// Fills `bytes` from the seeded generator (SplitMix64).
#[expect(clippy::unnecessary_wraps, reason = "in place of the operating system")]
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    for chunk in bytes.chunks_mut(8) {
        let next = RANDOM.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        RANDOM.set(next);
        let mixed = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let mixed = mixed ^ (mixed >> 31);
        chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
    }
    Ok(())
}
