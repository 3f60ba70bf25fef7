use crate::hex;
use crate::session::Namespace;
use crate::session::SessionDigest;
use crate::store::external::Invalidate;
use crate::store::redis::keys;

/// Message for a store that does not exist.
pub(in crate::store::redis) const NO_SESSION: &[u8] = b"- all";

/// Invalidation message: which sessions of which store were revoked.
pub(in crate::store::redis) struct InvalidationMessage<'a> {
    pub(super) store: &'a str,
    revoked: Revoked<'a>,
}

enum Revoked<'a> {
    Session(SessionDigest),
    /// All of a subject with this [name](keys::subject), in a namespace.
    Subject {
        namespace: &'a str,
        name: &'a str,
    },
    /// All of a namespace.
    Namespace(&'a str),
}

impl<'a> InvalidationMessage<'a> {
    /// Returns the message for one session without its digest, which a script appends.
    pub(in crate::store::redis) fn session_prefix(store: &str, namespace: &Namespace) -> String {
        format!("{store} {namespace} session ")
    }

    pub(in crate::store::redis) fn subject(
        store: &str,
        namespace: &Namespace,
        name: &str,
    ) -> String {
        format!("{store} {namespace} subject {name}")
    }

    pub(in crate::store::redis) fn all(store: &str, namespace: &Namespace) -> String {
        format!("{store} {namespace} all")
    }

    /// Parses a message; `None` if it has another format, perhaps that of a newer version.
    pub(super) fn parse(message: &'a [u8]) -> Option<Self> {
        let words: Vec<&str> = str::from_utf8(message).ok()?.split(' ').collect();
        let (store, revoked) = match *words {
            [store, _, "session", digest] => {
                let digest = SessionDigest::from_bytes(hex::decode(digest)?);
                (store, Revoked::Session(digest))
            }
            [store, namespace, "subject", name] => (store, Revoked::Subject { namespace, name }),
            [store, namespace, "all"] => (store, Revoked::Namespace(namespace)),
            _ => return None,
        };
        Some(Self { store, revoked })
    }

    /// Drops the sessions that were revoked.
    pub(super) fn apply(&self, cache: &dyn Invalidate) {
        match self.revoked {
            Revoked::Session(session) => cache.invalidate(&session),
            Revoked::Subject { namespace, name } => cache.invalidate_where(&|of, subject| {
                of.to_string() == namespace && keys::subject(subject) == name
            }),
            Revoked::Namespace(namespace) => {
                cache.invalidate_where(&|of, _| of.to_string() == namespace);
            }
        }
    }
}
