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
/// It has exactly one spelling, 43 characters of unpadded URL-safe Base64 (RFC 4648 §5), and is kept as that: whoever
/// only looks a session up has nothing to decode.
#[derive(Clone, Copy)]
pub struct SessionId([[u8; 8]; 6]);

/// Behind the spelling, so that it fills whole words: one of its characters, so that all can be looked at alike.
const PADDING: u8 = b'A';

impl SessionId {
    /// The length of the spelling, in bytes.
    pub const LENGTH: usize = 43;

    /// A new id.
    ///
    /// # Errors
    /// If the operating system has no randomness to give.
    pub fn random() -> Result<Self, Error> {
        random::bytes().map(Self::derived)
    }

    /// The id that a message authentication code comes to: as good as random for whoever does not have the key.
    pub(crate) fn derived(code: [u8; 32]) -> Self {
        let mut id = Self([[PADDING; 8]; 6]);
        let length = URL_SAFE_NO_PAD.encode_slice(code, id.0.as_flattened_mut());
        assert_eq!(length, Ok(Self::LENGTH), "32 bytes are 43 characters");
        id
    }

    /// Reads the one spelling; anything else is `None` (rule K4).
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8; Self::LENGTH] = text.try_into().ok()?;
        let mut id = Self([[PADDING; 8]; 6]);
        id.0.as_flattened_mut()[..Self::LENGTH].copy_from_slice(text);
        // Without a branch for each character, so that the compiler looks at many at once.
        let is_text =
            id.0.as_flattened()
                .iter()
                .fold(true, |all, character| all & is_base64url(*character));
        (is_text && is_last(text[Self::LENGTH - 1])).then_some(id)
    }

    /// The SHA-256 of the id: the name under which a store outside this process keeps the session, so that nobody who
    /// reads the store learns an id.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.spelling()).into()
    }

    /// The spelling, for the cookie.
    #[must_use]
    pub fn expose(&self) -> String {
        self.spelling().iter().copied().map(char::from).collect()
    }

    fn spelling(&self) -> &[u8] {
        &self.0.as_flattened()[..Self::LENGTH]
    }
}

fn is_base64url(character: u8) -> bool {
    let is_letter = (character | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = character.wrapping_sub(b'0') < 10;
    is_letter | is_digit | (character == b'-') | (character == b'_')
}

/// 43 characters hold two bits more than 32 bytes, which are zero in the last one of these.
fn is_last(character: u8) -> bool {
    matches!(
        character,
        b'A' | b'E'
            | b'I'
            | b'M'
            | b'Q'
            | b'U'
            | b'Y'
            | b'c'
            | b'g'
            | b'k'
            | b'o'
            | b's'
            | b'w'
            | b'0'
            | b'4'
            | b'8'
    )
}

impl PartialEq for SessionId {
    fn eq(&self, other: &Self) -> bool {
        // In constant time, and in words: this is part of every look into a map.
        let pairs = self.0.iter().zip(&other.0);
        let difference = pairs.fold(0, |all, (one, other)| {
            all | (u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other))
        });
        difference.ct_eq(&0).into()
    }
}

impl Eq for SessionId {}

impl Hash for SessionId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Eight random characters do as well as all of them. What they leave unused of their bits is spread by a
        // multiplication with the golden ratio, so that the simplest hasher will do.
        let product = u128::from(u64::from_le_bytes(self.0[0])) * 0x9e37_79b9_7f4a_7c15;
        state.write_u64((product as u64) ^ ((product >> 64) as u64));
    }
}

/// Takes the hash of an id as it is: it is spread already, and a visitor's guess can only miss.
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
        assert_eq!(
            SessionId::parse(format!("{}+", &text[..42]).as_bytes()),
            None
        );
    }

    #[test]
    fn trailing_bits_cannot_spell_the_same_id_twice() {
        let zero = "A".repeat(43);
        assert!(SessionId::parse(zero.as_bytes()).is_some());
        assert_eq!(
            SessionId::parse(format!("{}B", &zero[..42]).as_bytes()),
            None
        );
    }

    #[test]
    fn debug_is_redacted() {
        assert_eq!(
            format!("{:?}", SessionId::random().unwrap()),
            "SessionId([redacted])"
        );
    }

    proptest! {
        #[test]
        fn what_parses_is_spelled_back_byte_for_byte(text in prop::collection::vec(any::<u8>(), 40..46)) {
            if let Some(id) = SessionId::parse(&text) {
                prop_assert_eq!(id.expose().into_bytes(), text);
            }
        }

        #[test]
        fn whatever_is_no_base64_of_32_bytes_is_refused(text in "[A-Za-z0-9_-]{42}[A-Za-z0-9_=+/-]") {
            prop_assert_eq!(SessionId::parse(text.as_bytes()).is_some(), URL_SAFE_NO_PAD.decode(&text).is_ok());
        }

        #[test]
        fn one_foreign_character_anywhere_is_refused(place in 0..SessionId::LENGTH, character: u8) {
            let mut text = vec![b'A'; SessionId::LENGTH];
            text[place] = character;
            prop_assert_eq!(SessionId::parse(&text).is_some(), URL_SAFE_NO_PAD.decode(&text).is_ok());
        }

        #[test]
        fn what_is_spelled_parses(bytes in any::<[u8; 32]>()) {
            let id = SessionId::derived(bytes);
            prop_assert_eq!(id.expose(), URL_SAFE_NO_PAD.encode(bytes));
            prop_assert_eq!(SessionId::parse(id.expose().as_bytes()), Some(id));
        }
    }
}
