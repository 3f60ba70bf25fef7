//! Order of exchanges and revocations.

use std::time::Duration;

/// Position of an authorization-code exchange in the order of revocations at one store.
///
/// Opaque to the caller: only the store that made it compares it with its revocations. It is a sequence number or a time
/// of the store, never one of the wall clock of this process (rule S3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stamp(u64);

impl Stamp {
    /// The longest time between a stamp and the [insertion](super::SessionStore::insert) with it. A store remembers
    /// revocations for this long. With an older stamp it keeps no session if it has forgotten a revocation since.
    pub const LIFETIME: Duration = Duration::from_secs(10 * 60);

    /// Creates a stamp with this number. Later stamps of one store have larger numbers.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}
