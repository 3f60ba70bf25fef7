//! Commands about sessions.

use tower_weika::session::SessionDigest;

use super::content::{SessionKey, StoredSession};
use super::server::{Message, Server};

/// The previous session of a browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PreviousSession {
    pub(crate) digest: SessionDigest,
    pub(crate) is_concurrent: bool,
}

/// How long a stamp is accepted, in microseconds.
const STAMP_LIFETIME: u64 = 600_000_000;

impl Server {
    /// `stamp.lua`
    pub(crate) fn stamp(&mut self, namespace: [u8; 16]) -> u64 {
        let now = self.now();
        self.content.next_timestamp(namespace, now)
    }

    /// `load.lua`
    pub(crate) fn load(&self, key: &SessionKey) -> Option<StoredSession> {
        self.content.live(key, self.now()).cloned()
    }

    /// `insert.lua`: whether the session is kept; `None` if there is one with its id.
    pub(crate) fn insert(
        &mut self,
        key: SessionKey,
        session: StoredSession,
        previous: Option<PreviousSession>,
    ) -> Option<bool> {
        if self.content.sessions.contains_key(&key) {
            return None;
        }
        let now = self.now();
        let (namespace, stamp) = (key.0, session.born);
        let at = self.content.next_timestamp(namespace, now);
        let covers = |at: Option<&u64>| at.is_some_and(|at| *at >= stamp);
        let subject = (namespace, session.subject.clone());
        let is_revoked = at - stamp > STAMP_LIFETIME
            || covers(self.content.revoked_all.get(&namespace))
            || covers(self.content.revoked_subjects.get(&subject))
            || previous.is_some_and(|previous| {
                covers(
                    self.content
                        .revoked_sessions
                        .get(&(namespace, previous.digest)),
                )
            });
        if let Some(previous) = previous {
            let previous_key = (namespace, previous.digest);
            let found = self.content.sessions.get(&previous_key);
            let is_same_subject = found.is_some_and(|found| found.subject == session.subject);
            if found.is_some() && !(previous.is_concurrent && is_same_subject) {
                self.content.sessions.remove(&previous_key);
                self.ledger.removed(&previous_key, now);
                self.publish(&Message::Session(previous.digest));
            }
        }
        if !is_revoked {
            self.ledger.started(key, session.subject.clone());
            self.content.sessions.insert(key, session);
        }
        Some(!is_revoked)
    }

    /// `touch.lua`: whether the session is there.
    pub(crate) fn touch(&mut self, key: &SessionKey, used: u64, expires: u64) -> bool {
        let Some(session) = self.content.sessions.get_mut(key) else {
            return false;
        };
        if session.last_used < used {
            session.last_used = used;
            session.expires = expires;
        }
        true
    }

    /// `revoke_session.lua`: whether the session was there.
    pub(crate) fn revoke_session(&mut self, key: SessionKey) -> bool {
        let now = self.now();
        let was_there = self.content.sessions.remove(&key).is_some();
        if was_there {
            let at = self.content.next_timestamp(key.0, now);
            self.content.revoked_sessions.insert(key, at);
            self.ledger.removed(&key, now);
            self.publish(&Message::Session(key.1));
        }
        was_there
    }

    /// The same for a session of this subject only.
    pub(crate) fn revoke_session_of(&mut self, key: SessionKey, subject: &str) -> bool {
        let session = self.content.sessions.get(&key);
        session.is_some_and(|session| session.subject == subject) && self.revoke_session(key)
    }

    /// `revoke_many.lua`
    pub(crate) fn revoke_all(&mut self, namespace: [u8; 16]) {
        let now = self.now();
        let at = self.content.next_timestamp(namespace, now);
        self.content.revoked_all.insert(namespace, at);
        self.ledger.removed_where(namespace, None, None, now);
        self.publish(&Message::All(namespace));
    }

    /// `revoke_many.lua`; a session that is kept is born after the revocation.
    pub(crate) fn revoke_subject(
        &mut self,
        namespace: [u8; 16],
        subject: &str,
        kept: Option<SessionDigest>,
    ) {
        let now = self.now();
        let stays = kept.filter(|kept| {
            let session = self.content.live(&(namespace, *kept), now);
            session.is_some_and(|session| session.subject == subject)
        });
        let at = self.content.next_timestamp(namespace, now);
        let name = (namespace, subject.to_owned());
        self.content.revoked_subjects.insert(name, at);
        if let Some(digest) = stays {
            let born = self.content.next_timestamp(namespace, now);
            if let Some(session) = self.content.sessions.get_mut(&(namespace, digest)) {
                session.born = born;
            }
        }
        self.ledger
            .removed_where(namespace, Some(subject), stays, now);
        self.publish(&Message::Subject(namespace, subject.to_owned()));
    }

    /// Returns the live sessions of a subject, with their digests.
    pub(crate) fn sessions_of(
        &self,
        namespace: [u8; 16],
        subject: &str,
    ) -> Vec<(SessionDigest, StoredSession)> {
        let now = self.now();
        let live = |key: &SessionKey| {
            let session = self.content.live(key, now)?;
            let is_of = key.0 == namespace && session.subject == subject;
            is_of.then(|| (key.1, session.clone()))
        };
        self.content.sessions.keys().filter_map(live).collect()
    }
}
