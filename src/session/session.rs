//! What is known of a live login.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{SessionId, SessionTimeouts};
use crate::clock::Timestamp;
use crate::store::Namespace;

/// A use is recorded at most this often, in milliseconds.
const TOUCH_INTERVAL: u64 = 60_000;

/// A live login: who, since when, until when.
#[derive(Debug)]
pub struct Session<I> {
    namespace: Namespace,
    id: SessionId,
    identity: I,
    created: Timestamp,
    ends: Timestamp,
    /// In milliseconds, as everything that is compared in every request.
    idle: u64,
    last_used: AtomicU64,
}

impl<I> Session<I> {
    /// A session that begins at `now`.
    #[must_use]
    pub fn new(id: SessionId, identity: I, lifetime: SessionTimeouts, now: Timestamp) -> Self {
        Self {
            namespace: Namespace::default(),
            id,
            identity,
            created: now,
            ends: now.plus(lifetime.absolute),
            idle: u64::try_from(lifetime.idle.as_millis()).unwrap_or(u64::MAX),
            last_used: AtomicU64::new(now.unix_millis()),
        }
    }

    /// The same session, of the login with this namespace: no other accepts it.
    #[must_use]
    pub fn within(mut self, namespace: Namespace) -> Self {
        self.namespace = namespace;
        self
    }

    /// The same session, ending at `end` if that is earlier: a session never outlives what the upstream
    /// system vouches for.
    #[must_use]
    pub fn expiring_by(mut self, end: Timestamp) -> Self {
        self.ends = self.ends.min(end);
        self
    }

    /// The same session, last used at `last_used`.
    #[must_use]
    pub fn last_used_at(mut self, last_used: Timestamp) -> Self {
        self.last_used = AtomicU64::new(last_used.unix_millis());
        self
    }

    /// The namespace of the login that has made the session.
    #[must_use]
    #[inline]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The name of the session. A secret.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Who is logged in.
    #[must_use]
    pub fn identity(&self) -> &I {
        &self.identity
    }

    /// When the login happened.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When the session ends even if it is used all the time.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.ends
    }

    /// How long the session lives without being used.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle)
    }

    /// When the session was last used, to the minute.
    #[must_use]
    pub fn last_used(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.last_used.load(Ordering::Relaxed))
    }

    /// For how long it has not been used, in milliseconds.
    fn unused(&self, now: Timestamp) -> u64 {
        now.unix_millis()
            .saturating_sub(self.last_used.load(Ordering::Relaxed))
    }

    /// Whether the session still counts at `now`.
    #[must_use]
    #[inline]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.ends && self.unused(now) < self.idle
    }

    /// Records a use, at most once a minute, and says whether it did.
    ///
    /// The record is part of the session itself, so a use can never bring back a session that was deleted.
    #[inline]
    pub fn touch(&self, now: Timestamp) -> bool {
        let due = self.unused(now) >= TOUCH_INTERVAL.min(self.idle / 2);
        if due {
            self.last_used
                .fetch_max(now.unix_millis(), Ordering::Relaxed);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn session(idle: u64, absolute: u64) -> Session<()> {
        let lifetime =
            SessionTimeouts::new(Duration::from_secs(idle), Duration::from_secs(absolute));
        Session::new(SessionId::random().unwrap(), (), lifetime, START)
    }

    #[test]
    fn unused_session_ends_when_idle() {
        let session = session(1_800, 43_200);
        assert!(session.is_live(after(1_799)));
        assert!(!session.is_live(after(1_800)));
    }

    #[test]
    fn used_session_ends_at_its_absolute_end() {
        let session = session(1_800, 43_200);
        for minute in 1..720 {
            assert!(session.is_live(after(minute * 60)));
            session.touch(after(minute * 60));
        }
        assert!(session.is_live(after(43_199)));
        assert!(!session.is_live(after(43_200)));
    }

    #[test]
    fn use_is_recorded_at_most_once_a_minute() {
        let session = session(1_800, 43_200);
        assert!(!session.touch(after(59)));
        assert!(session.touch(after(60)));
        assert!(!session.touch(after(119)));
        assert_eq!(session.last_used(), after(60));
    }

    #[test]
    fn short_idle_time_is_kept_alive_by_use() {
        let session = session(10, 100);
        for second in (5..100).step_by(5) {
            assert!(session.is_live(after(second)), "{second}");
            session.touch(after(second));
        }
    }

    #[test]
    fn late_touch_does_not_turn_the_time_back() {
        let session = session(1_800, 43_200);
        session.touch(after(600));
        session.touch(after(500));
        assert_eq!(session.last_used(), after(600));
    }

    #[test]
    fn session_is_the_same_when_put_together_from_its_parts() {
        let original = session(1_800, 43_200).expiring_by(after(9_000));
        original.touch(after(600));
        let lifetime = SessionTimeouts::new(original.idle(), Duration::MAX);
        let again = Session::new(*original.id(), (), lifetime, original.created())
            .expiring_by(original.expires_at())
            .last_used_at(original.last_used());
        for second in [0, 2_399, 2_400, 9_000] {
            assert_eq!(
                again.is_live(after(second)),
                original.is_live(after(second)),
                "{second}"
            );
        }
        assert_eq!(format!("{again:?}"), format!("{original:?}"));
    }

    #[test]
    fn session_never_outlives_the_upstream() {
        let session = session(1_800, 43_200).expiring_by(after(100));
        assert!(!session.is_live(after(100)));
        assert_eq!(session.expiring_by(after(900)).expires_at(), after(100));
    }
}
