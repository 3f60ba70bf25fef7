//! Result of an insertion.

/// Whether [`SessionStore::insert`](super::SessionStore::insert) has kept the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Inserted {
    /// The session is kept.
    Kept,
    /// The session is not kept, because a revocation after the stamp covers it: the login counts as revoked.
    Revoked,
}
