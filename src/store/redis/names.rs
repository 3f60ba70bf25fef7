//! The names of keys and channels.
//!
//! All keys of one site have the same hash tag, because scripts look at several of them: in a cluster they are at one
//! node.

use sha2::{Digest as _, Sha256};

use crate::hex;
use crate::store::Namespace;

/// The part that all names of one site begin with.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// The names of the site `site`.
    pub(super) fn new(site: &str) -> Self {
        Self {
            prefix: format!("{{{site}}}:"),
        }
    }

    /// The pattern of all keys, for an ACL rule. The braces are part of the names.
    pub(super) fn pattern(&self) -> String {
        format!("{}*", self.prefix)
    }

    pub(super) fn probe(&self) -> String {
        format!("{}probe", self.prefix)
    }

    /// Where ends are announced.
    pub(super) fn channel(&self) -> String {
        format!("{}ended", self.prefix)
    }

    /// Short: with the default name of the site and the 12 characters of a flow the key has 28 bytes, and with it a
    /// refused code takes 138 bytes of the server in all; one more character makes that 154.
    pub(super) fn flow(&self, flow: &str) -> String {
        format!("{}f:{flow}", self.prefix)
    }

    pub(super) fn token(&self, name: &str) -> String {
        format!("{}token:{name}", self.prefix)
    }

    pub(super) fn lease(&self, name: &str) -> String {
        format!("{}lease:{name}", self.prefix)
    }

    /// The names for the sessions of a realm in one namespace.
    pub(super) fn sessions(&self, realm: &str, namespace: &Namespace) -> SessionNames {
        SessionNames {
            prefix: format!("{}{realm}:{namespace}:", self.prefix),
        }
    }
}

/// The names for the sessions of one login. A realm is a kind of people, and a name where there are several stores of
/// one kind.
#[derive(Debug)]
pub(super) struct SessionNames {
    prefix: String,
}

impl SessionNames {
    pub(super) fn session(&self, digest: &[u8]) -> String {
        format!("{}session:{}", self.prefix, hex::encode(digest))
    }

    /// The last moment that was given to anything.
    pub(super) fn clock(&self) -> String {
        format!("{}clock", self.prefix)
    }

    /// When all sessions were revoked.
    pub(super) fn end_of_all(&self) -> String {
        format!("{}ended", self.prefix)
    }

    /// What comes before a subject in the name of its revocation.
    pub(super) fn end_of_subjects(&self) -> String {
        format!("{}ended:", self.prefix)
    }

    /// When one session was revoked.
    pub(super) fn end_of_session(&self, digest: &[u8]) -> String {
        format!("{}revoked:{}", self.prefix, hex::encode(digest))
    }
}

/// The name of a subject at Redis, which need not know who is logged in.
pub(super) fn subject(subject: &str) -> String {
    hex::encode(&Sha256::digest(subject.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_site_are_in_one_slot_and_no_two_are_the_same() {
        let names = Names::new("campus");
        let login = Namespace::new("weika", "KEY", "https://campus.example");
        let managers = names.sessions("manager", &login);
        let users = names.sessions("wechat-user", &login);
        let other = names.sessions("manager", &Namespace::default());
        let mut all = vec![
            names.probe(),
            names.channel(),
            names.flow("x"),
            names.token("x"),
            names.lease("x"),
        ];
        for kind in [&managers, &users, &other] {
            all.extend([
                kind.session(&[1; 32]),
                kind.clock(),
                kind.end_of_all(),
                kind.end_of_subjects() + "x",
            ]);
            all.push(kind.end_of_session(&[1; 32]));
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
