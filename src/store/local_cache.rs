//! Sessions of a far store, kept at hand.
//!
//! A copy counts for as long as it is certain that its end would have been heard of. [`Trust`] says until when that
//! is: whoever listens for ends renews it with every proof that nothing was missed.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Namespace;
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

/// How long a cached session is served after its store has confirmed it (rule S7): a record can be lost at the store
/// without a message.
const CONFIRMED_FOR: Duration = Duration::from_secs(60);

/// A session in use is confirmed in the background when its last confirmation is this old, so that no request waits.
const CONFIRM_AFTER: Duration = Duration::from_secs(45);

/// Local cache of sessions, under the digests of their ids.
pub(super) struct Near<I> {
    sessions: Table<Digest, I, Confirmed>,
    trust: Arc<Trust>,
    /// How many ends and uses were heard of. Locked for every change of the copies, and never while they are looked at.
    changes: Mutex<u64>,
}

/// When the store was last asked and has confirmed a session.
#[derive(Debug)]
struct Confirmed {
    /// In milliseconds since the Unix epoch.
    at: AtomicU64,
    /// The confirmation after which the store was asked in the background.
    asked_after: AtomicU64,
}

impl Confirmed {
    fn new(asked: Asked) -> Self {
        Self {
            at: AtomicU64::new(asked.at.unix_millis()),
            asked_after: AtomicU64::new(0),
        }
    }

    fn age(&self, now: Timestamp) -> Duration {
        now.since(Timestamp::from_unix_millis(self.at.load(Ordering::Relaxed)))
    }

    /// Whether the caller should ask the store. Says so once after each confirmation.
    #[cold]
    fn is_to_be_asked(&self) -> bool {
        let at = self.at.load(Ordering::Relaxed);
        self.asked_after.swap(at, Ordering::Relaxed) != at
    }
}

/// A cached session that may be served.
pub(super) struct Found<I> {
    pub(super) session: Arc<Session<I>>,
    /// Whether the caller should have it confirmed in the background.
    pub(super) is_due: bool,
}

/// How much had been heard of when a session was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    changes: u64,
    at: Timestamp,
}

impl<I: Send + Sync + 'static> Near<I> {
    pub(super) fn new(capacity: u64, trust: Arc<Trust>) -> Self {
        let sessions = Table::new(usize::try_from(capacity).unwrap_or(usize::MAX));
        Self {
            sessions,
            trust,
            changes: Mutex::default(),
        }
    }

    /// The cached session, if it may be served. One that has come to its end may have been used elsewhere since, so it
    /// may not.
    pub(super) fn get(&self, digest: &Digest, now: Timestamp) -> Option<Found<I>> {
        if !self.trust.holds(now) {
            return None;
        }
        self.sessions.look(digest, |session, confirmed| {
            let age = confirmed.age(now);
            if age >= CONFIRMED_FOR || !session.is_live(now) {
                return None;
            }
            let is_due = age >= CONFIRM_AFTER && confirmed.is_to_be_asked();
            Some(Found {
                session: Arc::clone(session),
                is_due,
            })
        })
    }

    /// To be called before the far store is asked.
    pub(super) fn ask(&self, now: Timestamp) -> Asked {
        Asked {
            changes: *self.changes(),
            at: now,
        }
    }

    /// Keeps what the far store has said, unless something has changed since it was asked: it may be this session.
    pub(super) fn keep(&self, session: &Arc<Session<I>>, asked: Asked) {
        let changes = self.changes();
        if *changes == asked.changes {
            self.sessions
                .insert(Arc::clone(session), Confirmed::new(asked), |_| ());
        }
    }

    /// The far store has said that a session is there. That may be older news than its end, but then it is not cached
    /// any more.
    pub(super) fn confirm(&self, digest: &Digest, asked: Asked) {
        self.sessions.look(digest, |_, confirmed| {
            Some(
                confirmed
                    .at
                    .fetch_max(asked.at.unix_millis(), Ordering::Relaxed),
            )
        });
    }

    /// The far store has said that there is no such session. That is no change that an answer about another session
    /// could be older than.
    pub(super) fn is_absent(&self, digest: &Digest) {
        let _changes = self.changes();
        self.sessions.remove(digest);
    }

    /// The far store knows of a use. The copy that is kept may be another one than that which was used, and what the
    /// far store has said before is older.
    pub(super) fn touched(&self, digest: &Digest, used: Timestamp, asked: Asked) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions.look(digest, |copy, _| Some(copy.touch(used)));
        self.confirm(digest, asked);
    }

    fn changes(&self) -> MutexGuard<'_, u64> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who is to hear of ends.
pub(super) trait Listener: Send + Sync {
    /// A session has ended.
    fn session_ended(&self, digest: &Digest);

    /// All sessions for which `is_over` says so have ended.
    fn sessions_ended(&self, is_over: &dyn Fn(&Namespace, &str) -> bool);

    /// All sessions may have ended.
    fn all_ended(&self);
}

impl<I: crate::identity::Identity> Listener for Near<I> {
    fn session_ended(&self, digest: &Digest) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions.remove(digest);
    }

    fn sessions_ended(&self, is_over: &dyn Fn(&Namespace, &str) -> bool) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions
            .remove_where(|session| is_over(session.namespace(), session.identity().subject()));
    }

    fn all_ended(&self) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions.clear();
    }
}

impl<I> fmt::Debug for Near<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Near")
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::identity::Manager;
    use crate::session::{SessionId, SessionTimeouts};

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn after(millis: u64) -> Timestamp {
        START.plus(Duration::from_millis(millis))
    }

    fn session(subject: &str) -> (Digest, Arc<Session<Manager>>) {
        let id = SessionId::random().unwrap();
        let session = Session::new(id, person(subject), SessionTimeouts::default(), START);
        (Digest(id.digest()), Arc::new(session))
    }

    fn person(subject: &str) -> Manager {
        Manager::new(subject)
    }

    /// A cache that is trusted for an hour.
    fn near() -> Near<Manager> {
        let trust = Arc::new(Trust::default());
        trust.renew(after(3_600_000));
        Near::new(100, trust)
    }

    fn kept(near: &Near<Manager>, subject: &str) -> Digest {
        let (digest, session) = session(subject);
        near.keep(&session, near.ask(START));
        digest
    }

    fn is_there(near: &Near<Manager>, digest: &Digest, now: Timestamp) -> bool {
        near.get(digest, now).is_some()
    }

    #[test]
    fn copy_counts_for_as_long_as_it_is_trusted() {
        let near = near();
        near.trust.renew(after(1_000));
        let digest = kept(&near, "o1");
        assert!(is_there(&near, &digest, after(999)));
        assert!(
            !is_there(&near, &digest, after(1_000)),
            "an end may have been missed"
        );
        near.trust.renew(after(2_000));
        assert!(is_there(&near, &digest, after(1_999)));
        near.trust.lose();
        assert!(!is_there(&near, &digest, START));
    }

    #[test]
    fn s7_session_that_was_not_confirmed_for_a_minute_is_a_miss() {
        let near = near();
        let digest = kept(&near, "o1");
        assert!(is_there(&near, &digest, after(59_999)));
        assert!(!is_there(&near, &digest, after(60_000)));
        near.confirm(&digest, near.ask(after(50_000)));
        near.confirm(&digest, near.ask(after(10_000)));
        assert!(
            is_there(&near, &digest, after(109_999)),
            "an older answer changes nothing"
        );
        assert!(!is_there(&near, &digest, after(110_000)));
        near.touched(&digest, after(60_000), near.ask(after(60_000)));
        assert!(
            is_there(&near, &digest, after(119_999)),
            "a use that was recorded confirms it"
        );
        assert!(!is_there(&near, &digest, after(120_000)));
    }

    #[test]
    fn s7_store_is_asked_once_before_a_confirmation_is_too_old() {
        let near = near();
        let digest = kept(&near, "o1");
        let is_due = |now| near.get(&digest, now).unwrap().is_due;
        assert!(!is_due(after(44_999)));
        assert!(is_due(after(45_000)));
        assert!(
            !is_due(after(45_000)) && !is_due(after(59_999)),
            "one request asks"
        );
        near.confirm(&digest, near.ask(after(45_000)));
        assert!(!is_due(after(89_999)));
        assert!(is_due(after(90_000)));
    }

    #[test]
    fn s7_absent_session_is_dropped_and_confirming_it_brings_nothing_back() {
        let near = near();
        let [digest, other] = ["o1", "o2"].map(|subject| kept(&near, subject));
        let asked = near.ask(START);
        near.is_absent(&digest);
        near.confirm(&digest, asked);
        assert!(!is_there(&near, &digest, START) && is_there(&near, &other, START));
        let (digest, session) = session("o3");
        near.keep(&session, asked);
        assert!(
            is_there(&near, &digest, START),
            "unknown ids do not keep others from being cached"
        );
    }

    #[test]
    fn copy_that_has_come_to_its_end_is_asked_for_again() {
        let near = near();
        let lifetime = SessionTimeouts::new(Duration::from_secs(30), Duration::from_secs(50));
        let session = Session::new(SessionId::random().unwrap(), person("o1"), lifetime, START);
        let digest = Digest::of(&session);
        near.keep(&Arc::new(session), near.ask(START));
        assert!(is_there(&near, &digest, after(29_999)));
        assert!(
            !is_there(&near, &digest, after(30_000)),
            "it may have been used elsewhere"
        );
    }

    #[test]
    fn end_wins_over_an_answer_that_comes_later() {
        let ends: [fn(&Near<Manager>, &Digest); 3] = [
            |near, digest| near.session_ended(digest),
            |near, _| near.sessions_ended(&|_, subject| subject == "o1"),
            |near, _| near.all_ended(),
        ];
        for end in ends {
            let near = near();
            let (digest, session) = session("o1");
            let asked = near.ask(START);
            end(&near, &digest);
            near.keep(&session, asked);
            near.confirm(&digest, asked);
            assert!(!is_there(&near, &digest, START));
            near.keep(&session, near.ask(START));
            assert!(
                is_there(&near, &digest, START),
                "what is asked for afterwards is kept"
            );
        }
    }

    #[test]
    fn use_of_one_copy_is_seen_in_another_and_an_older_answer_is_not_kept() {
        let near = near();
        let (digest, session) = session("o1");
        near.keep(&session, near.ask(START));
        let asked = near.ask(START);
        near.touched(&digest, after(90_000), asked);
        assert_eq!(session.last_used(), after(90_000));
        let other = Arc::new(Session::new(
            *session.id(),
            person("o1"),
            SessionTimeouts::default(),
            START,
        ));
        near.keep(&other, asked);
        let found = near.get(&digest, START).unwrap().session;
        assert!(
            Arc::ptr_eq(&found, &session),
            "the far store had not heard of the use"
        );
        near.session_ended(&digest);
        near.touched(&digest, after(90_000), near.ask(START));
        assert!(
            !is_there(&near, &digest, START),
            "a use brings nothing back"
        );
    }

    #[test]
    fn the_right_copies_end() {
        let near = near();
        let [one, two, other] = ["o1", "o1", "o2"].map(|subject| kept(&near, subject));
        let is_there = |digest| is_there(&near, &digest, START);
        near.session_ended(&one);
        assert_eq!([one, two, other].map(is_there), [false, true, true]);
        near.sessions_ended(&|namespace, subject| {
            *namespace == Namespace::default() && subject == "o1"
        });
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
    fn distinct_digests_have_distinct_hashes() {
        use std::collections::HashSet;
        use std::hash::{BuildHasher, BuildHasherDefault};

        let hasher = BuildHasherDefault::<crate::session::IdHasher>::default();
        let hashes =
            (0..1_000).map(|_| hasher.hash_one(Digest(SessionId::random().unwrap().digest())));
        assert_eq!(
            hashes.collect::<HashSet<_>>().len(),
            1_000,
            "otherwise every look-up is a search"
        );
    }

    #[test]
    fn debug_shows_no_digest() {
        let near = near();
        kept(&near, "o1");
        assert!(format!("{near:?}").starts_with("Near { sessions: "));
    }
}
