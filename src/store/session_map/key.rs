use std::hash::Hash;

#[cfg(any(feature = "external-store", test))]
use crate::session::SessionDigest;
use crate::session::{Session, SessionId};

/// Key of a session in a [`SessionMap`](super::SessionMap).
pub(in crate::store) trait SessionKey: Hash + Eq + Send + Sync + 'static {
    /// Returns the key of a session.
    fn of<I>(session: &Session<I>) -> Self;
}

#[cfg(any(feature = "external-store", test))]
impl SessionKey for SessionDigest {
    fn of<I>(session: &Session<I>) -> Self {
        session.id().digest()
    }
}

impl SessionKey for SessionId {
    fn of<I>(session: &Session<I>) -> Self {
        *session.id()
    }
}
