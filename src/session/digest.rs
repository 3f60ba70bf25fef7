use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 of a [session id](super::SessionId): it names a session, and is no login.
///
/// A store outside this process keeps a session under it, so that an attacker who reads the store
/// learns no id. It may be shown to the user of the session, in a list of devices for example: to
/// [revoke](crate::login::LoginLayer::revoke_session_of) the session takes the subject as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionDigest([u8; 32]);

impl SessionDigest {
    /// The length of the text form, in bytes.
    pub const LENGTH: usize = 43;

    /// Creates a digest from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses the [text form](Self#impl-Display-for-SessionDigest); anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Hash for SessionDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As for an id: any eight bytes are distributed as well as all of them.
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

/// 43 characters of unpadded URL-safe Base64, for a form or a URL.
impl fmt::Display for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionDigest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionId;

    #[test]
    fn digest_is_read_from_its_text_form_only() {
        let digest = SessionId::random().unwrap().digest();
        let text = digest.to_string();
        assert_eq!(text.len(), SessionDigest::LENGTH);
        assert_eq!(SessionDigest::parse(&text), Some(digest));
        for other in [
            "",
            &text[1..],
            &format!("{text}="),
            &format!("{text}A"),
            &format!(" {text}"),
            &text.replace(|c: char| c.is_ascii(), "+"),
        ] {
            assert_eq!(SessionDigest::parse(other), None, "{other}");
        }
    }

    #[test]
    fn digest_is_not_a_session_id() {
        let id = SessionId::random().unwrap();
        let as_id = SessionId::parse(id.digest().to_string().as_bytes()).unwrap();
        assert_ne!(as_id, id);
        assert_ne!(as_id.digest(), id.digest());
    }
}
