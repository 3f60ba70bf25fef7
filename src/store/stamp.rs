//! Order of exchanges and revocations.

use std::time::Duration;

/// A point in the order of events at one store, taken when an authorization-code exchange begins.
///
/// Opaque to the caller: the store that made it compares it with its revocations. It is a sequence number or a time of
/// the store, never one of this process's wall clock (rule S3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stamp(u64);

impl Stamp {
    /// The longest time between a stamp and the [insertion](super::SessionStore::insert) under it. A store remembers
    /// revocations for so long, and keeps no session under an older stamp if it has forgotten a revocation since.
    pub const LIFETIME: Duration = Duration::from_secs(10 * 60);

    /// A stamp with this number; later stamps of one store have greater ones.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// The result of [`SessionStore::insert`](super::SessionStore::insert).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Inserted {
    /// The session is kept.
    Kept,
    /// A revocation after the stamp covers the session, so it is not kept: the login counts as revoked right after it.
    Revoked,
}
