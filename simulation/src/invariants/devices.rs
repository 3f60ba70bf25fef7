//! Checks of what users do with the list of their devices.
//!
//! 1. The list has every session of the user, and none of another user.
//! 2. A logout that is acknowledged has ended the sessions that were chosen.
//! 3. It has ended no other session: not the current one, and none of another user.

use std::collections::BTreeMap;

use crate::store::SessionKey;
use crate::world::World;

/// A logout of devices, or a list of them, that is under way.
#[derive(Debug)]
pub(crate) struct LogoutOfDevices {
    /// The live sessions at the start, with their subjects.
    live: BTreeMap<SessionKey, String>,
    removals: u64,
    at: u64,
}

impl LogoutOfDevices {
    pub(crate) fn start(world: &World) -> Self {
        let server = world.server.lock();
        Self {
            live: server.ledger.live(),
            removals: server.ledger.removals(),
            at: server.now(),
        }
    }

    /// Returns the sessions of the user but the current one.
    pub(crate) fn others(&self, current: &SessionKey, subject: &str) -> Vec<SessionKey> {
        let mut others = self.of(current.0, subject);
        others.retain(|key| key != current);
        others
    }

    fn of(&self, namespace: [u8; 16], subject: &str) -> Vec<SessionKey> {
        let is_of = |key: &SessionKey, of: &str| key.0 == namespace && of == subject;
        let found = self.live.iter().filter(|(key, of)| is_of(key, of));
        found.map(|(key, _)| *key).collect()
    }

    /// Returns the sessions of all other users, at all logins.
    pub(crate) fn not_of(&self, namespace: [u8; 16], subject: &str) -> Vec<SessionKey> {
        let of = self.of(namespace, subject);
        let live = self.live.keys().copied();
        live.filter(|key| !of.contains(key)).collect()
    }

    /// Checks a list that an instance has responded.
    pub(crate) fn check_list(
        &self,
        world: &World,
        namespace: [u8; 16],
        subject: &str,
        listed: &[SessionKey],
    ) {
        let server = world.server.lock();
        let of_another = listed.iter().find(|key| {
            let entry = server.ledger.get(key);
            entry.is_none_or(|entry| entry.subject != subject)
        });
        let now_live = server.ledger.live();
        drop(server);
        if let Some(key) = of_another {
            world.violate(format_args!("the list of {subject} has {key:?} of another"));
        }
        let expected = self.of(namespace, subject);
        let missing = expected
            .iter()
            .find(|key| now_live.contains_key(key) && !listed.contains(key));
        // An instance whose clock was set takes sessions for expired.
        if let Some(key) = missing
            && !world.facts.lock().was_clock_set
        {
            world.violate(format_args!("the list of {subject} lacks {key:?}"));
        }
    }

    /// Checks the end of a logout of the chosen sessions.
    pub(crate) fn end(self, world: &World, chosen: &[SessionKey], is_acknowledged: bool) {
        let server = world.server.lock();
        let (live, removals) = (server.ledger.live(), server.ledger.removals());
        let passed = server.now() - self.at;
        let is_lost = server.lost_since(server.now(), passed);
        drop(server);
        world.facts.lock().logouts_of_devices += u64::from(is_acknowledged);
        world.note(format_args!("logout of {chosen:?}: {is_acknowledged}"));
        if !is_acknowledged {
            return;
        }
        let is_live = |key: &&SessionKey| live.contains_key(key);
        if let Some(key) = chosen.iter().find(is_live)
            && !is_lost
        {
            world.violate(format_args!("{key:?} is live after its logout"));
        }
        // If no other command has removed sessions, this logout has ended each that is gone.
        let mut stay = self.live.keys().filter(|key| !chosen.contains(key));
        if let Some(key) = stay.find(|key| !is_live(key))
            && removals == self.removals + 1
        {
            world.violate(format_args!("the logout of {chosen:?} ends {key:?}"));
        }
    }
}
