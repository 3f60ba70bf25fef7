use std::fmt;

use crate::error::Error;
use crate::login::flow::State;
use crate::login::keys::Key;
use crate::random;
use crate::session::SessionId;

/// The random part of a session id, beside the flow and a secret: instances that have the secret can derive the id, and a
/// facts of the shared store cannot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::login) struct SessionSalt(pub(super) [u8; 32]);

impl SessionSalt {
    pub(in crate::login) fn random() -> Result<Self, Error> {
        random::bytes().map(Self)
    }

    /// Returns the id of the session that the flow of `state` led to.
    ///
    /// It depends on the secret of the state, which may be a previous one: every instance that handles the callback has
    /// that secret, in any order of changes to a new one.
    pub(super) fn session(&self, key: &Key, state: &State) -> SessionId {
        SessionId::derived(key.derive(state.secret, &[&state.flow.0, &self.0]))
    }
}

impl fmt::Debug for SessionSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSalt([redacted])")
    }
}
