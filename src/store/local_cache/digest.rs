use std::hash::{Hash, Hasher};

use crate::session::{Session, SessionId};
use crate::store::session_map::SessionKey;

/// SHA-256 of a session id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) struct SessionDigest(pub(in crate::store) [u8; 32]);

impl SessionDigest {
    #[inline]
    pub(in crate::store) fn new(id: &SessionId) -> Self {
        Self(id.digest())
    }
}

impl Hash for SessionDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As for an id: any eight bytes are distributed as well as all of them.
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

impl SessionKey for SessionDigest {
    fn of<I>(session: &Session<I>) -> Self {
        Self::new(session.id())
    }
}
