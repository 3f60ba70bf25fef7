//! Encryption of stored values with a key of the operator (AEAD).
//!
//! XChaCha20-Poly1305: its nonces are long enough to be random for any number of messages
//! (draft-irtf-cfrg-xchacha). The key under which a value is stored is associated data, so a value
//! cannot be moved to another key.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{ConfigError, ConfigErrorKind, Error};
use crate::{key_material, random};

/// First byte of a value that is not encrypted.
const PLAIN: u8 = b'p';
/// First byte of an encrypted value.
const ENCRYPTED: u8 = b'e';
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

/// Encryption of the values of a store with keys of the operator, if there are any
/// (XChaCha20-Poly1305).
///
/// The name under which a value is stored is associated data: a value that is moved to another name
/// is not decrypted.
#[derive(Default)]
pub struct Encryption {
    /// The first one encrypts; all of them decrypt.
    keys: Vec<Key>,
}

struct Key {
    /// Identifier that distinguishes the keys and reveals nothing about them.
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Encryption {
    /// Creates the encryption with `key`. The `previous` keys only decrypt. Without a key, values
    /// are stored as they are.
    ///
    /// # Errors
    /// If a key is shorter than 32 bytes or is a literal of the documentation, or if there are only
    /// previous keys.
    pub fn new(key: Option<&[u8]>, previous: &[&[u8]]) -> Result<Self, ConfigError> {
        let named = key.into_iter().map(|key| ("encryption_key", key));
        let previous = previous.iter().map(|key| ("previous_encryption_key", *key));
        let all: Vec<_> = named.chain(previous).collect();
        let mut errors: Vec<_> = all
            .iter()
            .filter_map(|(name, key)| key_material::check(name, key))
            .collect();
        if key.is_none() && !all.is_empty() {
            errors.push(ConfigErrorKind::Missing(
                "encryption_key (there are previous ones)",
            ));
        }
        ConfigError::check(errors)?;
        Ok(Self::derive(all.into_iter().map(|(_, key)| key)))
    }

    /// The first secret encrypts, all of them decrypt.
    fn derive<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self {
            keys: secrets.into_iter().map(Key::derive).collect(),
        }
    }

    /// Encrypts `content`. It can be decrypted with the same associated data only.
    ///
    /// # Errors
    /// If the operating system provides no randomness.
    pub fn encrypt(&self, associated_data: &str, content: &[u8]) -> Result<Vec<u8>, Error> {
        let Some(key) = self.keys.first() else {
            return Ok([&[PLAIN], content].concat());
        };
        let nonce: [u8; NONCE_BYTES] = random::bytes()?;
        let payload = Payload {
            msg: content,
            aad: associated_data.as_bytes(),
        };
        let ciphertext = key.cipher.encrypt(&nonce.into(), payload).map_err(|_| {
            Error::new(
                crate::ErrorKind::Internal,
                "store: a value is too long to be encrypted",
            )
        })?;
        Ok([&[ENCRYPTED], &key.id[..], &nonce, &ciphertext].concat())
    }

    /// Decrypts a value. `None` if it was encrypted with other associated data or an unknown key,
    /// was modified, or is not encrypted although there is a key: an attacker who can write to
    /// the store could have stored it.
    #[must_use]
    pub fn decrypt(&self, associated_data: &str, value: &[u8]) -> Option<Vec<u8>> {
        let (kind, rest) = value.split_first()?;
        if *kind == PLAIN && self.keys.is_empty() {
            return Some(rest.to_vec());
        }
        let (id, rest) = rest.split_first_chunk::<KEY_ID_BYTES>()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let payload = || Payload {
            msg: ciphertext,
            aad: associated_data.as_bytes(),
        };
        self.keys
            .iter()
            .filter(|key| *kind == ENCRYPTED && key.id == *id)
            .find_map(|key| key.cipher.decrypt(&(*nonce).into(), payload()).ok())
    }
}

impl Key {
    fn derive(secret: &[u8]) -> Self {
        let key = Zeroizing::new(derive(secret, b"tower-weika/1/encryption"));
        let [a, b, c, d, ..] = derive(secret, b"tower-weika/1/encryption-key-id");
        Self {
            id: [a, b, c, d],
            cipher: XChaCha20Poly1305::new(&(*key).into()),
        }
    }
}

fn derive(secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length (RFC 2104 §2).
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("any length is valid");
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption")
            .field("keys", &self.keys.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encryption(secrets: &[&[u8]]) -> Encryption {
        Encryption::derive(secrets.iter().copied())
    }

    #[test]
    fn encrypted_content_is_decrypted_with_its_key_and_associated_data_only() {
        let (encryption, other) = (encryption(&[&[1; 32]]), encryption(&[&[2; 32]]));
        let encrypted = encryption.encrypt("session/a", b"card 20230042").unwrap();
        assert!(!encrypted.windows(8).any(|window| window == b"20230042"));
        assert_eq!(
            encryption
                .decrypt("session/a", &encrypted)
                .unwrap()
                .as_slice(),
            b"card 20230042"
        );
        assert!(encryption.decrypt("session/b", &encrypted).is_none());
        assert!(other.decrypt("session/a", &encrypted).is_none());
        assert!(
            Encryption::default()
                .decrypt("session/a", &encrypted)
                .is_none()
        );
        assert_ne!(
            encryption.encrypt("session/a", b"card 20230042").unwrap(),
            encrypted,
            "each nonce is new"
        );
    }

    #[test]
    fn previous_key_decrypts_and_the_first_one_encrypts() {
        let (old, new) = (encryption(&[&[1; 32]]), encryption(&[&[2; 32], &[1; 32]]));
        assert!(new.decrypt("a", &old.encrypt("a", b"x").unwrap()).is_some());
        assert!(old.decrypt("a", &new.encrypt("a", b"x").unwrap()).is_none());
    }

    #[test]
    fn plain_content_is_rejected_if_there_is_a_key() {
        let plain = Encryption::default().encrypt("a", b"x").unwrap();
        assert_eq!(
            Encryption::default()
                .decrypt("a", &plain)
                .unwrap()
                .as_slice(),
            b"x"
        );
        assert!(encryption(&[&[1; 32]]).decrypt("a", &plain).is_none());
    }

    #[test]
    fn changed_or_truncated_content_is_rejected() {
        let encryption = encryption(&[&[1; 32]]);
        let encrypted = encryption.encrypt("a", b"content").unwrap();
        for index in 0..encrypted.len() {
            assert!(
                encryption.decrypt("a", &encrypted[..index]).is_none(),
                "cut at {index}"
            );
            let mut changed = encrypted.clone();
            changed[index] ^= 1;
            assert!(
                encryption.decrypt("a", &changed).is_none(),
                "changed at {index}"
            );
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", encryption(&[b"0123456789abcdef0123456789abcdef"])),
            "Encryption { keys: 1 }"
        );
    }
}
