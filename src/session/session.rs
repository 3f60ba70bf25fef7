//! A session.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{SessionId, SessionTimeouts};
use crate::clock::Timestamp;
use crate::request::Device;
use crate::session::Namespace;

/// The minimum time between two records of a use, in milliseconds.
const TOUCH_INTERVAL: u64 = 60_000;

/// A session: the identity of an authenticated user, and the times of login, last use and expiry.
///
/// Handlers reach it through [`Authenticated`](super::Authenticated). The constructors are for
/// authors of [stores](crate::store#writing-a-store).
#[derive(Debug)]
pub struct Session<I> {
    namespace: Namespace,
    id: SessionId,
    identity: I,
    created: Timestamp,
    expires_at: Timestamp,
    /// In milliseconds, like all values that every request compares.
    idle: u64,
    last_used: AtomicU64,
    device: Device,
}

impl<I> Session<I> {
    /// Creates a session that starts at `now`.
    #[must_use]
    pub fn new(id: SessionId, identity: I, timeouts: SessionTimeouts, now: Timestamp) -> Self {
        Self {
            namespace: Namespace::default(),
            id,
            identity,
            created: now,
            expires_at: now.plus(timeouts.absolute),
            idle: u64::try_from(timeouts.idle.as_millis()).unwrap_or(u64::MAX),
            last_used: AtomicU64::new(now.unix_millis()),
            device: Device::default(),
        }
    }

    /// Returns the same session in the namespace of a login: no other login accepts it.
    #[must_use]
    pub fn within(mut self, namespace: Namespace) -> Self {
        self.namespace = namespace;
        self
    }

    /// Returns the same session with the expiry `latest` if that is earlier: a session never
    /// outlives the validity that the upstream system has stated.
    #[must_use]
    pub fn expiring_by(mut self, latest: Timestamp) -> Self {
        self.expires_at = self.expires_at.min(latest);
        self
    }

    /// Returns the same session with this time of the last use.
    #[must_use]
    pub fn last_used_at(mut self, last_used: Timestamp) -> Self {
        self.last_used = AtomicU64::new(last_used.unix_millis());
        self
    }

    /// Returns the same session with this device.
    #[must_use]
    pub fn on_device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Changes the time of the login. The session expires when it did before.
    #[cfg(feature = "testing")]
    pub(crate) fn set_created(&mut self, created: Timestamp) {
        self.created = created;
    }

    /// Returns the namespace of the login that started the session.
    #[must_use]
    #[inline]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Returns the session id, which is a secret.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Returns the identity of the user.
    #[must_use]
    pub fn identity(&self) -> &I {
        &self.identity
    }

    /// Returns the time of the login.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// Returns the time at which the session expires even if it is in use.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Returns the device of the login. It is not known for a session of an earlier version.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// Returns the idle timeout.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle)
    }

    /// Returns the time of the last use, to the minute.
    #[must_use]
    pub fn last_used(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.last_used.load(Ordering::Relaxed))
    }

    /// Returns the time since the last use, in milliseconds.
    fn idle_for(&self, now: Timestamp) -> u64 {
        now.unix_millis()
            .saturating_sub(self.last_used.load(Ordering::Relaxed))
    }

    /// Whether the session has not expired at `now`.
    #[must_use]
    #[inline]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.idle_for(now) < self.idle
    }

    /// Records a use, at most once a minute. Returns whether it did.
    ///
    /// The record is part of the session itself, so a use never restores a session that was
    /// removed.
    #[inline]
    pub fn touch(&self, now: Timestamp) -> bool {
        let is_due = self.idle_for(now) >= TOUCH_INTERVAL.min(self.idle / 2);
        if is_due {
            self.last_used
                .fetch_max(now.unix_millis(), Ordering::Relaxed);
        }
        is_due
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
        let timeouts =
            SessionTimeouts::new(Duration::from_secs(idle), Duration::from_secs(absolute));
        Session::new(SessionId::random().unwrap(), (), timeouts, START)
    }

    #[test]
    fn unused_session_expires_after_the_idle_timeout() {
        let session = session(1_800, 43_200);
        assert!(session.is_live(after(1_799)));
        assert!(!session.is_live(after(1_800)));
    }

    #[test]
    fn used_session_expires_after_the_absolute_timeout() {
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
    fn use_keeps_a_session_with_a_short_idle_timeout_alive() {
        let session = session(10, 100);
        for second in (5..100).step_by(5) {
            assert!(session.is_live(after(second)), "{second}");
            session.touch(after(second));
        }
    }

    #[test]
    fn late_touch_does_not_lower_the_last_use() {
        let session = session(1_800, 43_200);
        session.touch(after(600));
        session.touch(after(500));
        assert_eq!(session.last_used(), after(600));
    }

    #[test]
    fn session_can_be_rebuilt_from_its_parts() {
        let original = session(1_800, 43_200).expiring_by(after(9_000));
        original.touch(after(600));
        let timeouts = SessionTimeouts::new(original.idle(), Duration::MAX);
        let again = Session::new(*original.id(), (), timeouts, original.created())
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
    fn session_never_outlives_the_upstream_validity() {
        let session = session(1_800, 43_200).expiring_by(after(100));
        assert!(!session.is_live(after(100)));
        assert_eq!(session.expiring_by(after(900)).expires_at(), after(100));
    }
}
