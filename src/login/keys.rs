//! The keys under which states and flow cookies are authenticated, and from which
//! session ids and the digests of subjects are derived.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Half of an HMAC-SHA-256 (RFC 2104 §5 allows truncation to half its length).
pub(super) const TAG_BYTES: usize = 16;

/// One key per purpose and login, all derived from one secret. The login is its
/// [`Namespace`](crate::session::Namespace): provider, application and public URL. A tag that
/// was made for one purpose or login is rejected everywhere else.
pub(super) struct Keys {
    pub(super) state: Key,
    pub(super) flow: Key,
    pub(super) session: Key,
    pub(super) subject: Key,
}

impl Keys {
    /// The keys of `secret` for one login. A tag under one of the `previous` secrets is accepted as
    /// well.
    pub(super) fn derive(
        secret: &[u8],
        previous: &[Zeroizing<Vec<u8>>],
        login: impl AsRef<[u8]>,
    ) -> Self {
        let login = login.as_ref();
        let key = |purpose| Key {
            current: child(secret, purpose, login),
            previous: previous
                .iter()
                .map(|secret| child(secret, purpose, login))
                .collect(),
        };
        Self {
            state: key("state"),
            flow: key("flow"),
            session: key("session"),
            subject: key("subject"),
        }
    }
}

/// One of the configured secrets. Valid in this process only: another instance may have them in
/// another order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Generation {
    /// The index of a previous secret; `None` for the current one.
    previous: Option<usize>,
}

impl Generation {
    pub(super) const CURRENT: Self = Self { previous: None };
}

type KeyBytes = Zeroizing<[u8; 32]>;

pub(super) struct Key {
    current: KeyBytes,
    previous: Vec<KeyBytes>,
}

impl Key {
    /// Returns the tag of the concatenated parts. All but the last must have a fixed length.
    pub(super) fn tag(&self, parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        let full = self.derive(Generation::CURRENT, parts);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&full[..TAG_BYTES]);
        tag
    }

    /// Returns 32 bytes that depend on the parts and one of the secrets. All but the last must have
    /// a fixed length.
    pub(super) fn derive(&self, generation: Generation, parts: &[&[u8]]) -> [u8; 32] {
        let previous = generation
            .previous
            .and_then(|index| self.previous.get(index));
        mac(previous.unwrap_or(&self.current), parts)
            .finalize()
            .into_bytes()
            .into()
    }

    /// Whether `tag` is that of the parts, in constant time for each key.
    pub(super) fn verify(&self, parts: &[&[u8]], tag: &[u8; TAG_BYTES]) -> bool {
        self.generation(parts, tag).is_some()
    }

    /// The secret under which `tag` is that of the parts, in constant time for each key.
    pub(super) fn generation(&self, parts: &[&[u8]], tag: &[u8; TAG_BYTES]) -> Option<Generation> {
        let previous = self.previous.iter().enumerate().map(|(index, key)| {
            (
                Generation {
                    previous: Some(index),
                },
                key,
            )
        });
        let mut keys = [(Generation::CURRENT, &self.current)]
            .into_iter()
            .chain(previous);
        keys.find(|(_, key)| mac(key, parts).verify_truncated_left(tag).is_ok())
            .map(|(generation, _)| generation)
    }
}

/// The key for one purpose and login.
fn child(secret: &[u8], purpose: &str, login: &[u8]) -> KeyBytes {
    let root = Zeroizing::new(digest(secret));
    let parts: [&[u8]; 4] = [b"tower-weika/2/", purpose.as_bytes(), b"/", login];
    Zeroizing::new(mac(&root, &parts).finalize().into_bytes().into())
}

fn mac(key: &KeyBytes, parts: &[&[u8]]) -> Hmac<Sha256> {
    // A key shorter than a block is filled up with zeros (RFC 2104 §2).
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(&**key);
    let mut mac = Hmac::<Sha256>::new(&(*block).into());
    for part in parts {
        mac.update(part);
    }
    mac
}

/// A secret of any length as a key of 32 bytes.
fn digest(secret: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    Sha256::digest(secret).into()
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purpose_and_login_separate_the_keys() {
        let keys = Keys::derive(&[7; 32], &[], "weika");
        let others = Keys::derive(&[7; 32], &[], "wechat");
        let tag = keys.state.tag(&[b"payload"]);
        assert!(keys.state.verify(&[b"payl", b"oad"], &tag));
        assert!(!keys.flow.verify(&[b"payload"], &tag));
        assert!(!others.state.verify(&[b"payload"], &tag));
        assert!(
            !Keys::derive(&[8; 32], &[], "weika")
                .state
                .verify(&[b"payload"], &tag)
        );
    }

    #[test]
    fn previous_secret_is_accepted_and_never_used_for_new_tags() {
        let old = Keys::derive(&[7; 32], &[], "weika");
        let new = Keys::derive(&[8; 32], &[vec![7; 32].into()], "weika");
        assert!(
            new.state
                .verify(&[b"payload"], &old.state.tag(&[b"payload"]))
        );
        assert!(
            !new.flow
                .verify(&[b"payload"], &old.state.tag(&[b"payload"]))
        );
        assert!(
            !old.state
                .verify(&[b"payload"], &new.state.tag(&[b"payload"]))
        );
    }

    #[test]
    fn instances_with_the_secrets_in_another_order_derive_the_same() {
        let derive = |secret: u8, previous: &[u8]| {
            let previous: Vec<_> = previous
                .iter()
                .map(|byte| Zeroizing::new(vec![*byte; 32]))
                .collect();
            Keys::derive(&[secret; 32], &previous, "weika")
        };
        let tag = derive(7, &[]).state.tag(&[b"payload"]);
        let code = |keys: &Keys| {
            let generation = keys.state.generation(&[b"payload"], &tag).unwrap();
            keys.session.derive(generation, &[b"flow", b"salt"])
        };
        let codes = [
            derive(7, &[]),
            derive(7, &[8]),
            derive(8, &[7]),
            derive(9, &[8, 7]),
        ]
        .map(|keys| code(&keys));
        assert!(codes.windows(2).all(|pair| pair[0] == pair[1]));
        let others = derive(8, &[7]);
        assert_ne!(
            codes[0],
            others
                .session
                .derive(Generation::CURRENT, &[b"flow", b"salt"])
        );
        assert_ne!(
            codes[0],
            derive(7, &[])
                .state
                .derive(Generation::CURRENT, &[b"flow", b"salt"])
        );
    }
}
