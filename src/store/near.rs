//! Sessions of a far store, kept at hand.
//!
//! A copy counts for as long as it is certain that its end would have been heard of. [`Trust`] says until when that
//! is: whoever listens for ends renews it with every proof that nothing was missed.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::table::{Key, Table};
use crate::clock::Timestamp;
use crate::session::Session;

/// The SHA-256 of a session id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Digest(pub(super) [u8; 32]);

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As of an id: any eight bytes spread as well as all of them.
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

impl Key for Digest {
    fn of<I>(session: &Session<I>) -> Self {
        Self(session.id().digest())
    }
}

/// Until when copies count, in milliseconds on the timeline of the process.
#[derive(Debug, Default)]
pub(super) struct Trust(AtomicU64);

impl Trust {
    /// Copies count until `end`.
    pub(super) fn renew(&self, end: Timestamp) {
        self.0.store(end.unix_millis(), Ordering::Release);
    }

    /// From now on ends may be missed.
    pub(super) fn lose(&self) {
        self.0.store(0, Ordering::Release);
    }

    fn holds(&self, now: Timestamp) -> bool {
        now.unix_millis() < self.0.load(Ordering::Acquire)
    }
}

/// Copies of sessions, under the digests of their ids.
pub(super) struct Near<I> {
    sessions: Table<Digest, I>,
    trust: Arc<Trust>,
    /// How many ends and uses were heard of. Locked for every change of the copies, and never while they are looked at.
    changes: Mutex<u64>,
}

/// How much had been heard of when a session was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked(u64);

impl<I: Send + Sync + 'static> Near<I> {
    pub(super) fn new(capacity: u64, trust: Arc<Trust>) -> Self {
        let sessions = Table::new(usize::try_from(capacity).unwrap_or(usize::MAX));
        Self { sessions, trust, changes: Mutex::default() }
    }

    /// The copy, if it counts. One that has come to its end may have been used elsewhere since, so it does not.
    pub(super) fn get(&self, digest: &Digest, now: Timestamp) -> Option<Arc<Session<I>>> {
        if !self.trust.holds(now) {
            return None;
        }
        self.sessions.get(digest).filter(|session| session.is_live(now))
    }

    /// To be called before the far store is asked.
    pub(super) fn ask(&self) -> Asked {
        Asked(*self.changes())
    }

    /// Keeps what the far store has said, unless something has changed since it was asked: it may be this session.
    pub(super) fn keep(&self, session: &Arc<Session<I>>, asked: Asked) {
        let changes = self.changes();
        if *changes == asked.0 {
            self.sessions.insert(Arc::clone(session));
        }
    }

    /// The far store knows of a use. The copy that is kept may be another one than that which was used, and what the
    /// far store has said before is older.
    pub(super) fn touched(&self, digest: &Digest, used: Timestamp) {
        let mut changes = self.changes();
        *changes += 1;
        if let Some(copy) = self.sessions.get(digest) {
            copy.touch(used);
        }
    }

    fn changes(&self) -> MutexGuard<'_, u64> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who is to hear of ends.
pub(super) trait Listener: Send + Sync {
    /// A session has ended.
    fn session_ended(&self, digest: &Digest);

    /// All sessions of a subject, of which `is_subject` knows the name, have ended.
    fn subject_ended(&self, is_subject: &dyn Fn(&str) -> bool);

    /// All sessions have ended, or nobody knows which.
    fn all_ended(&self);
}

impl<I: crate::identity::Identity> Listener for Near<I> {
    fn session_ended(&self, digest: &Digest) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions.remove(digest);
    }

    fn subject_ended(&self, is_subject: &dyn Fn(&str) -> bool) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions.remove_where(|session| is_subject(session.identity().subject()));
    }

    fn all_ended(&self) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions.clear();
    }
}

impl<I> fmt::Debug for Near<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Near").field("sessions", &self.sessions.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::identity::Manager;
    use crate::session::{Lifetime, SessionId};

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn after(millis: u64) -> Timestamp {
        START.plus(Duration::from_millis(millis))
    }

    fn session(subject: &str) -> (Digest, Arc<Session<Manager>>) {
        let id = SessionId::random().unwrap();
        let session = Session::begin(id, person(subject), Lifetime::default(), START);
        (Digest(id.digest()), Arc::new(session))
    }

    fn person(subject: &str) -> Manager {
        Manager::builder(subject).build()
    }

    /// Copies that are trusted for a second.
    fn near() -> Near<Manager> {
        let trust = Arc::new(Trust::default());
        trust.renew(after(1_000));
        Near::new(100, trust)
    }

    fn kept(near: &Near<Manager>, subject: &str) -> Digest {
        let (digest, session) = session(subject);
        near.keep(&session, near.ask());
        digest
    }

    #[test]
    fn copy_counts_for_as_long_as_it_is_trusted() {
        let near = near();
        let digest = kept(&near, "o1");
        assert!(near.get(&digest, after(999)).is_some());
        assert!(near.get(&digest, after(1_000)).is_none(), "an end may have been missed");
        near.trust.renew(after(2_000));
        assert!(near.get(&digest, after(1_999)).is_some());
        near.trust.lose();
        assert!(near.get(&digest, START).is_none());
    }

    #[test]
    fn copy_that_has_come_to_its_end_is_asked_for_again() {
        let near = near();
        let digest = kept(&near, "o1");
        near.trust.renew(after(u64::from(u32::MAX)));
        assert!(near.get(&digest, after(30 * 60 * 1_000 - 1)).is_some());
        assert!(near.get(&digest, after(30 * 60 * 1_000)).is_none(), "it may have been used elsewhere");
    }

    #[test]
    fn end_wins_over_an_answer_that_comes_later() {
        let ends: [fn(&Near<Manager>, &Digest); 3] = [
            |near, digest| near.session_ended(digest),
            |near, _| near.subject_ended(&|subject| subject == "o1"),
            |near, _| near.all_ended(),
        ];
        for end in ends {
            let near = near();
            let (digest, session) = session("o1");
            let asked = near.ask();
            end(&near, &digest);
            near.keep(&session, asked);
            assert!(near.get(&digest, START).is_none());
            near.keep(&session, near.ask());
            assert!(near.get(&digest, START).is_some(), "what is asked for afterwards is kept");
        }
    }

    #[test]
    fn use_of_one_copy_is_seen_in_another_and_an_older_answer_is_not_kept() {
        let near = near();
        let (digest, session) = session("o1");
        near.keep(&session, near.ask());
        let asked = near.ask();
        near.touched(&digest, after(90_000));
        assert_eq!(session.last_used(), after(90_000));
        let other = Arc::new(Session::begin(*session.id(), person("o1"), Lifetime::default(), START));
        near.keep(&other, asked);
        assert!(Arc::ptr_eq(&near.get(&digest, START).unwrap(), &session), "the far store had not heard of the use");
        near.session_ended(&digest);
        near.touched(&digest, after(90_000));
        assert!(near.get(&digest, START).is_none(), "a use brings nothing back");
    }

    #[test]
    fn the_right_copies_end() {
        let near = near();
        let [one, two, other] = ["o1", "o1", "o2"].map(|subject| kept(&near, subject));
        let is_there = |digest| near.get(&digest, START).is_some();
        near.session_ended(&one);
        assert_eq!([one, two, other].map(is_there), [false, true, true]);
        near.subject_ended(&|subject| subject == "o1");
        assert_eq!([one, two, other].map(is_there), [false, false, true]);
        near.all_ended();
        assert_eq!([one, two, other].map(is_there), [false; 3]);
    }

    #[test]
    fn copies_are_bounded() {
        let near = near();
        for _ in 0..1_000 {
            kept(&near, "o1");
        }
        assert_eq!(near.sessions.len(), 100);
    }

    #[test]
    fn debug_shows_no_digest() {
        let near = near();
        kept(&near, "o1");
        assert!(format!("{near:?}").starts_with("Near { sessions: "));
    }
}
