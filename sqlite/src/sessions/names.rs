use std::sync::Arc;

use sha2::{Digest, Sha256};
use tower_weika::session::{Namespace, SessionDigest};

/// Digest of store, namespace and subject: 16 bytes.
pub(crate) type Owner = [u8; 16];

/// A namespace of a store.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) store: Arc<str>,
    pub(crate) namespace: Namespace,
}

impl Names {
    /// Returns the digest of a subject. The file need not contain subjects themselves.
    pub(crate) fn owner(&self, subject: &str) -> Owner {
        let mut hash = Sha256::new();
        for part in [
            self.store.as_bytes(),
            self.namespace.as_bytes(),
            subject.as_bytes(),
        ] {
            // The length first: otherwise two triples could be the same text.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let (half, _) = hash.split_first_chunk().expect("32 bytes");
        *half
    }

    /// Returns the associated data of a session's record.
    pub(crate) fn record(&self, digest: &SessionDigest) -> String {
        let mut name = format!("session/{}/{}/", self.store, self.namespace);
        name.reserve_exact(2 * digest.as_bytes().len());
        // Every look-up needs it, and `format!` would take a microsecond.
        for byte in digest.as_bytes() {
            for half in [byte >> 4, byte & 15] {
                name.push(char::from_digit(half.into(), 16).expect("below 16"));
            }
        }
        name
    }
}
