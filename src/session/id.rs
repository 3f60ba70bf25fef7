//! The name of a session, as the browser holds it.

use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::Error;
use crate::random;

/// An unpredictable 256-bit name of a session. Whoever knows it *is* the session: it appears in one cookie and
/// nowhere else.
///
/// It has exactly one spelling: 43 characters of unpadded URL-safe Base64 (RFC 4648 §5).
#[derive(Clone, Copy)]
pub struct SessionId([u8; Self::BYTES]);

impl SessionId {
    const BYTES: usize = 32;
    /// The length of the spelling, in bytes.
    pub const LENGTH: usize = 43;

    /// A new id.
    ///
    /// # Errors
    /// If the operating system has no randomness to give.
    pub fn random() -> Result<Self, Error> {
        random::bytes().map(Self)
    }

    /// The id that a message authentication code comes to: as good as random for whoever does not have the key.
    pub(crate) const fn derived(code: [u8; Self::BYTES]) -> Self {
        Self(code)
    }

    /// Reads the one spelling; anything else is `None` (rule K4).
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::BYTES];
        if text.len() != Self::LENGTH {
            return None;
        }
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(Self::BYTES) => Some(Self(bytes)),
            _ => None,
        }
    }

    /// The SHA-256 of the id: the name under which a store outside this process keeps the session, so that nobody who
    /// reads the store learns an id.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The spelling, for the cookie.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl PartialEq for SessionId {
    fn eq(&self, other: &Self) -> bool {
        // In constant time, and in words: this is part of every look into a map.
        let [words, others] = [self, other].map(|id| id.0.as_chunks().0);
        let difference = words
            .iter()
            .zip(others)
            .fold(0, |all, (one, other)| all | (u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other)));
        difference.ct_eq(&0).into()
    }
}

impl Eq for SessionId {}

impl Hash for SessionId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The id is as good as uniformly random, so eight bytes of it spread as well as all of them.
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

/// Takes the hash of an id as it is: ids are spread already, and a visitor's guess can only miss.
#[cfg(feature = "memory")]
#[derive(Clone, Copy, Default)]
pub(crate) struct IdHasher(u64);

#[cfg(feature = "memory")]
impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, random: u64) {
        self.0 = random;
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling_and_nothing_else() {
        let id = SessionId::random().unwrap();
        let text = id.expose();
        assert_eq!(text.len(), SessionId::LENGTH);
        assert_eq!(SessionId::parse(text.as_bytes()), Some(id));
        assert_eq!(SessionId::parse(&text.as_bytes()[1..]), None);
        assert_eq!(SessionId::parse(format!("{text}=").as_bytes()), None);
        assert_eq!(SessionId::parse(format!("{}+", &text[..42]).as_bytes()), None);
    }

    #[test]
    fn trailing_bits_cannot_spell_the_same_id_twice() {
        let zero = "A".repeat(43);
        assert!(SessionId::parse(zero.as_bytes()).is_some());
        assert_eq!(SessionId::parse(format!("{}B", &zero[..42]).as_bytes()), None);
    }

    #[test]
    fn debug_is_redacted() {
        assert_eq!(format!("{:?}", SessionId::random().unwrap()), "SessionId([redacted])");
    }

    proptest! {
        #[test]
        fn what_parses_is_spelled_back_byte_for_byte(text in prop::collection::vec(any::<u8>(), 40..46)) {
            if let Some(id) = SessionId::parse(&text) {
                prop_assert_eq!(id.expose().into_bytes(), text);
            }
        }

        #[test]
        fn what_is_spelled_parses(bytes in any::<[u8; 32]>()) {
            let id = SessionId(bytes);
            prop_assert_eq!(SessionId::parse(id.expose().as_bytes()), Some(id));
        }
    }
}
