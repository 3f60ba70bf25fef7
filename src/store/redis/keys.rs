//! Names of keys and of the channel.
//!
//! All keys of one prefix have the same hash tag, because scripts read several of them: in a
//! cluster they are at one node.

use sha2::{Digest as _, Sha256};

use crate::hex;
use crate::session::Namespace;

/// Names that begin with one key prefix.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(key_prefix: &str) -> Self {
        Self {
            prefix: format!("{{{key_prefix}}}:"),
        }
    }

    /// Returns the pattern of all keys, for an ACL rule. The braces are part of the keys.
    pub(super) fn pattern(&self) -> String {
        format!("{}*", self.prefix)
    }

    pub(super) fn probe(&self) -> String {
        format!("{}probe", self.prefix)
    }

    /// Returns the channel of invalidation messages.
    pub(super) fn channel(&self) -> String {
        format!("{}invalidations", self.prefix)
    }

    /// Short: with the default prefix and the 12 characters of a flow the key has 28 bytes. With it
    /// a rejected code takes 138 bytes of the server in all; one more character makes that 154.
    pub(super) fn flow(&self, flow: &str) -> String {
        format!("{}f:{flow}", self.prefix)
    }

    pub(super) fn token(&self, name: &str) -> String {
        format!("{}token:{name}", self.prefix)
    }

    pub(super) fn lease(&self, name: &str) -> String {
        format!("{}lease:{name}", self.prefix)
    }

    /// Returns the names for one namespace of a store.
    pub(super) fn sessions(&self, store: &str, namespace: &Namespace) -> SessionKeys {
        SessionKeys {
            prefix: format!("{}{store}:{namespace}:", self.prefix),
        }
    }
}

/// Names for the sessions of one login.
#[derive(Debug)]
pub(super) struct SessionKeys {
    prefix: String,
}

impl SessionKeys {
    /// Returns the prefix of the keys of sessions; the digest follows.
    pub(super) fn session_prefix(&self) -> String {
        format!("{}session:", self.prefix)
    }

    pub(super) fn session(&self, digest: &[u8]) -> String {
        self.session_prefix() + &hex::encode(digest)
    }

    /// Returns the prefix of the keys of indexes; a [subject name](subject) follows.
    pub(super) fn index_prefix(&self) -> String {
        format!("{}sessions-of:", self.prefix)
    }

    /// Returns the key of the index of a subject: the digests of its sessions.
    pub(super) fn index(&self, subject_name: &str) -> String {
        self.index_prefix() + subject_name
    }

    /// Returns the key of the latest timestamp that was issued.
    pub(super) fn clock(&self) -> String {
        format!("{}clock", self.prefix)
    }

    /// Returns the key of the revocation timestamp of all sessions.
    pub(super) fn revoked_all(&self) -> String {
        format!("{}revoked-all", self.prefix)
    }

    /// Returns the prefix of the keys of the revocation timestamps of subjects; a [subject
    /// name](subject) follows.
    pub(super) fn revoked_subject_prefix(&self) -> String {
        format!("{}revoked-subject:", self.prefix)
    }

    /// Returns the key of the revocation timestamp of one session.
    pub(super) fn revoked_session(&self, digest: &[u8]) -> String {
        format!("{}revoked-session:{}", self.prefix, hex::encode(digest))
    }
}

/// Returns the name of a subject at Redis: its SHA-256, because Redis need not know it.
pub(super) fn subject(subject: &str) -> String {
    hex::encode(&Sha256::digest(subject.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_prefix_are_distinct_and_in_one_slot() {
        let keys = Keys::new("campus");
        let login = Namespace::new("weika", "KEY", "https://campus.example");
        let managers = keys.sessions("manager", &login);
        let users = keys.sessions("wechat-user", &login);
        let other = keys.sessions("manager", &Namespace::default());
        let mut all = vec![
            keys.probe(),
            keys.channel(),
            keys.flow("x"),
            keys.token("x"),
            keys.lease("x"),
        ];
        for kind in [&managers, &users, &other] {
            all.extend([
                kind.session(&[1; 32]),
                kind.index("x"),
                kind.clock(),
                kind.revoked_all(),
                kind.revoked_subject_prefix() + "x",
            ]);
            all.push(kind.revoked_session(&[1; 32]));
        }
        assert!(
            all.iter().all(|name| name.starts_with("{campus}:")),
            "{all:?}"
        );
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
