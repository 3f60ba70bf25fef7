//! The session that a browser has at the end of a login.

use crate::session::SessionId;

/// The session in a browser's cookie at the end of a login, for
/// [`SessionStore::insert`](super::SessionStore::insert).
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a store has to treat each of them")]
pub enum Previous<'a> {
    /// The browser had it when the login began. It is removed.
    Replaced(&'a SessionId),
    /// Another tab has obtained it since, and requests with it may be under way. It is removed only
    /// if it belongs to another subject.
    Concurrent(&'a SessionId),
}

impl<'a> Previous<'a> {
    /// Returns its id. A revocation of this session since the stamp covers the new session in either
    /// case.
    #[must_use]
    pub fn id(self) -> &'a SessionId {
        match self {
            Self::Replaced(id) | Self::Concurrent(id) => id,
        }
    }
}
