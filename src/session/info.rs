use super::{Session, SessionDigest, SessionTimeouts};
use crate::clock::Timestamp;
use crate::request::Device;

/// A session in the list of a user's sessions: its times, and the device of the login.
///
/// [`LoginLayer::sessions_of`](crate::login::LoginLayer::sessions_of) returns it. It has neither
/// the session id nor the identity. The constructors are for authors of
/// [stores](crate::store#writing-a-store).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionInfo {
    digest: SessionDigest,
    timeouts: SessionTimeouts,
    created: Timestamp,
    expires_at: Timestamp,
    last_used: Timestamp,
    device: Device,
}

impl SessionInfo {
    /// Describes a session that started at `created`.
    #[must_use]
    pub fn new(digest: SessionDigest, timeouts: SessionTimeouts, created: Timestamp) -> Self {
        Self {
            digest,
            timeouts,
            created,
            expires_at: created.plus(timeouts.absolute),
            last_used: created,
            device: Device::default(),
        }
    }

    /// Describes this session.
    #[must_use]
    pub fn of<I>(session: &Session<I>) -> Self {
        let lifetime = session.expires_at().since(session.created());
        let timeouts = SessionTimeouts::new(session.idle(), lifetime);
        Self::new(session.id().digest(), timeouts, session.created())
            .expiring_by(session.expires_at())
            .last_used_at(session.last_used())
            .on_device(session.device())
    }

    /// Returns the same with the expiry `latest` if that is earlier.
    #[must_use]
    pub fn expiring_by(mut self, latest: Timestamp) -> Self {
        self.expires_at = self.expires_at.min(latest);
        self
    }

    /// Returns the same with this time of the last use.
    #[must_use]
    pub fn last_used_at(mut self, last_used: Timestamp) -> Self {
        self.last_used = last_used;
        self
    }

    /// Returns the same with this device.
    #[must_use]
    pub fn on_device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Returns the digest of the session id, by which the session can be
    /// [revoked](crate::login::LoginLayer::revoke_session_of).
    #[must_use]
    pub fn digest(&self) -> &SessionDigest {
        &self.digest
    }

    /// Returns the time of the login.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// Returns the time of the last use, to the minute.
    #[must_use]
    pub fn last_used(&self) -> Timestamp {
        self.last_used
    }

    /// Returns the time at which the session expires even if it is in use.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Returns the device of the login.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// Whether this is `session`: the one of the request that asks for the list, for example.
    #[must_use]
    pub fn is_of<I>(&self, session: &Session<I>) -> bool {
        self.digest == session.id().digest()
    }

    /// Whether the session has not expired at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && now.since(self.last_used) < self.timeouts.idle
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::SessionId;

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn description_has_the_times_of_its_session() {
        let timeouts = SessionTimeouts::new(Duration::from_secs(60), Duration::from_secs(600));
        let new = || Session::new(SessionId::random().unwrap(), (), timeouts, START);
        for session in [
            new(),
            new().expiring_by(after(90)),
            new().last_used_at(after(50)),
            new().expiring_by(START),
        ] {
            let info = SessionInfo::of(&session);
            assert_eq!(
                (info.created(), info.last_used(), info.expires_at()),
                (session.created(), session.last_used(), session.expires_at())
            );
            for second in [0, 49, 59, 60, 89, 90, 109, 110, 599, 600] {
                let now = after(second);
                assert_eq!(info.is_live(now), session.is_live(now), "{second}");
            }
            assert!(info.is_of(&session) && !info.is_of(&new()));
        }
    }
}
