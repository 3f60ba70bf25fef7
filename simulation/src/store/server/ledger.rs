//! Independent record of each session: what must be true of it, however the instances see it.

use std::collections::BTreeMap;

use tower_weika::session::SessionDigest;

use super::content::{Content, SessionKey};

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// Revoked, replaced by another login, or expired.
    Removed,
    /// The store has lost it.
    Lost,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) subject: String,
    pub(crate) ended: Option<(u64, Ended)>,
    /// When the login that started it was settled.
    pub(crate) settled: Option<u64>,
}

#[derive(Default, Debug)]
pub(crate) struct Ledger {
    entries: BTreeMap<SessionKey, Entry>,
    /// Commands that have removed sessions.
    removals: u64,
}

impl Ledger {
    pub(crate) fn get(&self, key: &SessionKey) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Returns how many commands have removed sessions.
    pub(crate) fn removals(&self) -> u64 {
        self.removals
    }

    /// Returns the sessions that have not ended, with their subjects.
    pub(crate) fn live(&self) -> BTreeMap<SessionKey, String> {
        let live = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.ended.is_none());
        live.map(|(key, entry)| (*key, entry.subject.clone()))
            .collect()
    }

    pub(crate) fn started(&mut self, key: SessionKey, subject: String) {
        let entry = Entry {
            subject,
            ended: None,
            settled: None,
        };
        self.entries.insert(key, entry);
    }

    pub(crate) fn settled(&mut self, key: &SessionKey, at: u64) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.settled = Some(at);
        }
    }

    pub(crate) fn removed(&mut self, key: &SessionKey, at: u64) {
        self.removals += 1;
        if let Some(entry) = self.entries.get_mut(key) {
            entry.ended.get_or_insert((at, Ended::Removed));
        }
    }

    /// Ends the sessions of a namespace, or of one of its subjects but one.
    pub(crate) fn removed_where(
        &mut self,
        namespace: [u8; 16],
        subject: Option<&str>,
        kept: Option<SessionDigest>,
        at: u64,
    ) {
        self.removals += 1;
        for (key, entry) in &mut self.entries {
            let is_of = subject.is_none_or(|subject| entry.subject == subject);
            if key.0 == namespace && is_of && kept != Some(key.1) {
                entry.ended.get_or_insert((at, Ended::Removed));
            }
        }
    }

    /// The store has lost its last changes: sessions are gone, and revoked ones are back. That
    /// counts as two removals, so that it is not taken for that of a logout.
    pub(crate) fn restored(&mut self, content: &Content, at: u64) {
        self.removals += 2;
        for (key, entry) in &mut self.entries {
            match (content.live(key, at).is_some(), entry.ended) {
                (false, None) => entry.ended = Some((at, Ended::Lost)),
                (true, Some(_)) => entry.ended = None,
                _ => {}
            }
        }
    }
}
