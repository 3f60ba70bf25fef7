//! What is kept at Redis, closed with a key of the operator.
//!
//! XChaCha20-Poly1305: its nonces are long enough to be drawn at random however much is written
//! (draft-irtf-cfrg-xchacha). What something is kept for is authenticated with it, so that nothing can be moved to
//! another place.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::random;

/// The first byte of what is kept as it is.
const PLAIN: u8 = b'p';
/// The first byte of what is sealed.
const SEALED: u8 = b's';
const NAME_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

/// The keys under which things are closed, if there are any.
#[derive(Default)]
pub(super) struct Seal {
    /// The one that closes, and all that open.
    keys: Vec<Key>,
}

struct Key {
    /// Says which key it was, and nothing about it.
    name: [u8; NAME_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Seal {
    /// The first secret closes, all of them open. Without any, things are kept as they are.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self {
            keys: secrets.into_iter().map(Key::derive).collect(),
        }
    }

    /// Closes `content`, to be kept at `place`.
    pub(super) fn close(&self, place: &str, content: &[u8]) -> Result<Vec<u8>, Error> {
        let Some(key) = self.keys.first() else {
            return Ok([&[PLAIN], content].concat());
        };
        let nonce: [u8; NONCE_BYTES] = random::bytes()?;
        let payload = Payload {
            msg: content,
            aad: place.as_bytes(),
        };
        let sealed = key
            .cipher
            .encrypt(&nonce.into(), payload)
            .map_err(|_| too_long())?;
        Ok([&[SEALED], &key.name[..], &nonce, &sealed].concat())
    }

    /// Opens what was found at `place`. `None` if it was closed for another place or under a key that is not ours, has
    /// been changed, or is not closed although there is a key: whoever can write at Redis could have put it there.
    pub(super) fn open(&self, place: &str, found: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (kind, rest) = found.split_first()?;
        if *kind == PLAIN && self.keys.is_empty() {
            return Some(rest.to_vec().into());
        }
        let (name, rest) = rest.split_first_chunk::<NAME_BYTES>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let payload = || Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let mut keys = self
            .keys
            .iter()
            .filter(|key| *kind == SEALED && key.name == *name);
        keys.find_map(|key| key.cipher.decrypt(&(*nonce).into(), payload()).ok())
            .map(Zeroizing::new)
    }
}

impl Key {
    fn derive(secret: &[u8]) -> Self {
        let key = Zeroizing::new(child(secret, b"tower-weika/1/seal"));
        let [a, b, c, d, ..] = child(secret, b"tower-weika/1/seal-name");
        Self {
            name: [a, b, c, d],
            cipher: XChaCha20Poly1305::new(&(*key).into()),
        }
    }
}

fn child(secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length (RFC 2104 §2).
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("any length will do");
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

fn too_long() -> Error {
    Error::new(crate::ErrorKind::Internal, "redis: too long to be sealed")
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal")
            .field("keys", &self.keys.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secrets: &[&[u8]]) -> Seal {
        Seal::new(secrets.iter().copied())
    }

    #[test]
    fn sealed_content_is_read_with_the_key_at_its_place_only() {
        let (seal, other) = (seal(&[&[1; 32]]), seal(&[&[2; 32]]));
        let closed = seal.close("session/a", b"card 20230042").unwrap();
        assert!(!closed.windows(8).any(|window| window == b"20230042"));
        assert_eq!(
            seal.open("session/a", &closed).unwrap().as_slice(),
            b"card 20230042"
        );
        assert!(seal.open("session/b", &closed).is_none());
        assert!(other.open("session/a", &closed).is_none());
        assert!(Seal::default().open("session/a", &closed).is_none());
        assert_ne!(
            seal.close("session/a", b"card 20230042").unwrap(),
            closed,
            "every nonce is new"
        );
    }

    #[test]
    fn former_key_opens_and_the_new_one_closes() {
        let (old, new) = (seal(&[&[1; 32]]), seal(&[&[2; 32], &[1; 32]]));
        assert!(new.open("a", &old.close("a", b"x").unwrap()).is_some());
        assert!(old.open("a", &new.close("a", b"x").unwrap()).is_none());
    }

    #[test]
    fn with_a_key_nothing_counts_that_is_not_sealed() {
        let plain = Seal::default().close("a", b"x").unwrap();
        assert_eq!(Seal::default().open("a", &plain).unwrap().as_slice(), b"x");
        assert!(seal(&[&[1; 32]]).open("a", &plain).is_none());
    }

    #[test]
    fn changed_or_cut_content_is_not_read() {
        let seal = seal(&[&[1; 32]]);
        let closed = seal.close("a", b"content").unwrap();
        for index in 0..closed.len() {
            assert!(seal.open("a", &closed[..index]).is_none(), "cut at {index}");
            let mut changed = closed.clone();
            changed[index] ^= 1;
            assert!(seal.open("a", &changed).is_none(), "changed at {index}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", seal(&[b"0123456789abcdef0123456789abcdef"])),
            "Seal { keys: 1 }"
        );
    }
}
