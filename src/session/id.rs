//! Session identifier.

use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::SessionDigest;
use crate::error::Error;
use crate::random;

/// Session identifier: 256 random bits. Possession of it is the authentication, so it appears in
/// one cookie and nowhere else.
///
/// It has exactly one text form, 43 characters of unpadded URL-safe Base64 (RFC 4648 §5). It is
/// kept in that form, so that a look-up decodes nothing.
#[derive(Clone, Copy)]
pub struct SessionId([[u8; 8]; 6]);

/// Fills the text up to whole words. It is a character of the alphabet, so that all can be checked
/// alike.
const PADDING: u8 = b'A';

impl SessionId {
    /// The length of the text form, in bytes.
    pub const LENGTH: usize = 43;

    /// Creates a random id.
    ///
    /// # Errors
    /// If the operating system provides no randomness.
    pub fn random() -> Result<Self, Error> {
        random::bytes().map(Self::derived)
    }

    /// Creates an id from a message authentication code, which is unpredictable without the key.
    pub(crate) fn derived(tag: [u8; 32]) -> Self {
        let mut id = Self([[PADDING; 8]; 6]);
        let length = URL_SAFE_NO_PAD.encode_slice(tag, id.0.as_flattened_mut());
        assert_eq!(length, Ok(Self::LENGTH), "32 bytes are 43 characters");
        id
    }

    /// Parses the text form; anything else is `None` (rule K4).
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8; Self::LENGTH] = text.try_into().ok()?;
        let mut id = Self([[PADDING; 8]; 6]);
        id.0.as_flattened_mut()[..Self::LENGTH].copy_from_slice(text);
        // Without a branch for each character, so that the compiler can vectorize it.
        let is_text =
            id.0.as_flattened()
                .iter()
                .fold(true, |all, character| all & is_base64url(*character));
        (is_text && is_last(text[Self::LENGTH - 1])).then_some(id)
    }

    /// Returns the SHA-256 of the id, which names the session without the right to use it.
    #[must_use]
    pub fn digest(&self) -> SessionDigest {
        SessionDigest::from_bytes(Sha256::digest(self.text()).into())
    }

    /// Returns the text form, for the cookie.
    #[must_use]
    pub fn expose(&self) -> String {
        self.text().iter().copied().map(char::from).collect()
    }

    fn text(&self) -> &[u8] {
        &self.0.as_flattened()[..Self::LENGTH]
    }
}

fn is_base64url(character: u8) -> bool {
    let is_letter = (character | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = character.wrapping_sub(b'0') < 10;
    is_letter | is_digit | (character == b'-') | (character == b'_')
}

/// 43 characters have two bits more than 32 bytes. These bits are zero in the last character.
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
        // In constant time, and in words: every look-up in a map does this.
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
        // Eight random characters are distributed as well as all of them. A multiplication by the
        // golden ratio fills the bits that the alphabet leaves unused, so that the hasher can be
        // the identity.
        let product = u128::from(u64::from_le_bytes(self.0[0])) * 0x9e37_79b9_7f4a_7c15;
        state.write_u64((product as u64) ^ ((product >> 64) as u64));
    }
}

/// Identity hasher: an id is uniformly distributed, and an id that a client guesses can only be a
/// miss.
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
    fn only_the_text_form_is_parsed() {
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
    fn nonzero_trailing_bits_are_rejected() {
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

    #[test]
    fn one_invalid_character_at_any_position_is_rejected() {
        for position in 0..SessionId::LENGTH {
            for character in 0..=u8::MAX {
                let mut text = [b'A'; SessionId::LENGTH];
                text[position] = character;
                let is_base64 = URL_SAFE_NO_PAD.decode(text).is_ok();
                assert_eq!(
                    SessionId::parse(&text).is_some(),
                    is_base64,
                    "{position}: {character}"
                );
            }
        }
    }

    /// The comparison combines the differences of all words.
    #[test]
    fn ids_with_the_same_difference_in_two_words_are_not_equal() {
        let id = |words: [&str; 2]| {
            let text = words.concat() + &"A".repeat(SessionId::LENGTH - 16);
            SessionId::parse(text.as_bytes()).unwrap()
        };
        assert_ne!(id(["AAAAAAAA", "BBBBBBBB"]), id(["BBBBBBBB", "AAAAAAAA"]));
    }

    proptest! {
        #[test]
        fn parsed_id_has_the_same_text(text in prop::collection::vec(any::<u8>(), 40..46)) {
            if let Some(id) = SessionId::parse(&text) {
                prop_assert_eq!(id.expose().into_bytes(), text);
            }
        }

        #[test]
        fn text_that_is_not_base64_of_32_bytes_is_rejected(text in "[A-Za-z0-9_-]{42}[A-Za-z0-9_=+/-]") {
            prop_assert_eq!(SessionId::parse(text.as_bytes()).is_some(), URL_SAFE_NO_PAD.decode(&text).is_ok());
        }

        #[test]
        fn text_of_an_id_is_parsed(bytes in any::<[u8; 32]>()) {
            let id = SessionId::derived(bytes);
            prop_assert_eq!(id.expose(), URL_SAFE_NO_PAD.encode(bytes));
            prop_assert_eq!(SessionId::parse(id.expose().as_bytes()), Some(id));
        }
    }
}
