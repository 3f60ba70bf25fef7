//! Namespace of the sessions of one login.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

/// Login that a session belongs to: 16 bytes of the SHA-256 of provider name, application and
/// public URL.
///
/// A [store](crate::store::SessionStore) keeps the sessions of one namespace apart from all others,
/// so that two logins over one store never accept or revoke each other's sessions (rule S1). It is
/// not a secret. The [default](Namespace::default) is the namespace of a session without a login:
/// no login accepts it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Namespace([u8; 16]);

impl Namespace {
    /// Creates the namespace of the login with this
    /// [provider](crate::provider::IdentityProvider::name),
    /// [application](crate::provider::IdentityProvider::application) and public URL, without a slash
    /// at its end.
    #[must_use]
    pub fn new(provider: &str, application: &str, public_url: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [provider, application, public_url] {
            // The length first: otherwise two triples could be the same text.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let (half, _) = hash.split_first_chunk().expect("32 bytes");
        Self(*half)
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl AsRef<[u8]> for Namespace {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// 22 characters of unpadded URL-safe Base64, for use in the names of keys.
impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Namespace({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_application_and_origin_determine_the_namespace() {
        let namespace = Namespace::new("weika", "KEY-A", "https://a.example");
        assert_eq!(
            namespace,
            Namespace::new("weika", "KEY-A", "https://a.example")
        );
        for other in [
            Namespace::new("weika2", "KEY-A", "https://a.example"),
            Namespace::new("weika", "KEY-B", "https://a.example"),
            Namespace::new("weika", "KEY-A", "https://b.example"),
            Namespace::new("weika", "KEY-A", "https://a.example/app1"),
            Namespace::new("weikaK", "EY-A", "https://a.example"),
            Namespace::new("weika", "KEY-Ah", "ttps://a.example"),
            Namespace::default(),
        ] {
            assert_ne!(namespace, other);
        }
    }

    #[test]
    fn text_has_22_characters_that_are_valid_in_names_of_keys() {
        let text = Namespace::new("weika", "KEY-A", "https://a.example").to_string();
        assert_eq!(text.len(), 22);
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
            "{text}"
        );
    }
}
