//! Content of the store, as a server writes it to its disk.

use std::collections::BTreeMap;

use tower_weika::session::SessionDigest;

/// Namespace and digest of the id.
pub(crate) type SessionKey = ([u8; 16], SessionDigest);

#[derive(Clone, Debug)]
pub(crate) struct StoredSession {
    pub(crate) record: Vec<u8>,
    pub(crate) last_used: u64,
    /// Timestamp in microseconds: a revocation at or after it covers the session.
    pub(crate) born: u64,
    pub(crate) subject: String,
    pub(crate) expires: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    Claimed { at: u64 },
    Completed(Vec<u8>),
    Rejected(u64),
}

#[derive(Clone, Default, Debug)]
pub(crate) struct StoredToken {
    /// Fencing token of the last lease.
    pub(crate) fence: u64,
    pub(crate) published: Option<Published>,
    pub(crate) early_replacements: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) token: String,
    pub(crate) fence: u64,
    pub(crate) at: u64,
    pub(crate) ends: u64,
}

/// Times are in milliseconds of the server, unless they are timestamps.
#[derive(Clone, Default, Debug)]
pub(crate) struct Content {
    pub(crate) sessions: BTreeMap<SessionKey, StoredSession>,
    /// The last timestamp of each namespace.
    pub(crate) clocks: BTreeMap<[u8; 16], u64>,
    pub(crate) revoked_all: BTreeMap<[u8; 16], u64>,
    pub(crate) revoked_subjects: BTreeMap<([u8; 16], String), u64>,
    pub(crate) revoked_sessions: BTreeMap<SessionKey, u64>,
    /// State and expiry.
    pub(crate) flows: BTreeMap<String, (Flow, u64)>,
    pub(crate) tokens: BTreeMap<String, StoredToken>,
    /// Holder and expiry.
    pub(crate) leases: BTreeMap<String, (String, u64)>,
}

impl Content {
    pub(crate) fn next_timestamp(&mut self, namespace: [u8; 16], now: u64) -> u64 {
        let last = self.clocks.entry(namespace).or_default();
        *last = (now * 1_000).max(*last + 1);
        *last
    }

    /// Returns a session that is neither expired nor revoked.
    pub(crate) fn live(&self, key: &SessionKey, now: u64) -> Option<&StoredSession> {
        let session = self.sessions.get(key)?;
        let covers = |at: Option<&u64>| at.is_some_and(|at| *at >= session.born);
        let subject = (key.0, session.subject.clone());
        let is_revoked =
            covers(self.revoked_all.get(&key.0)) || covers(self.revoked_subjects.get(&subject));
        (session.expires > now && !is_revoked).then_some(session)
    }

    /// Returns the state of a flow that is remembered.
    pub(crate) fn flow(&self, flow: &str, now: u64) -> Option<&Flow> {
        let (state, expires) = self.flows.get(flow)?;
        (*expires > now).then_some(state)
    }
}
