//! Records of sessions: the values that never change, as one JSON text.
//!
//! It contains the namespace and the digest of the id, so that it is not accepted as another
//! session. The last use changes, and is kept beside it. A record may contain secrets: it belongs in
//! a store, [encrypted](super::Encryption) if the operator has a key, and nowhere else.
//!
//! Times are those of the writer's timeline (see [`clock`](crate::clock)). A change of the system
//! time therefore changes neither the records of a process nor how the process reads them.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::hex;
use crate::request::{Browser, Device, OperatingSystem};
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo, SessionTimeouts};
use crate::store::StoredIdentity;
use crate::trace::warn;

/// The version of the format. Records of every released version stay readable; those of a newer one
/// are left alone.
pub const VERSION: &str = "2";

/// The maximum difference between the clocks of two instances.
pub(in crate::store) const CLOCK_SKEW: Duration = Duration::from_secs(10 * 60);

/// Milliseconds between two log lines about records from the future.
const REPORT_INTERVAL: u64 = 60_000;

/// Times are in milliseconds; points in time are since the Unix epoch.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    namespace: Cow<'a, str>,
    created: u64,
    expires_at: u64,
    idle: u64,
    #[serde(borrow)]
    identity: Cow<'a, str>,
    /// Browser and operating system; not there if they are not known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    device: Option<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Writes the record of a session.
///
/// # Errors
/// If the record cannot be written.
pub fn write<I: StoredIdentity>(session: &Session<I>) -> Result<Vec<u8>, Error> {
    let record = Record {
        key: hex::encode(session.id().digest().as_bytes()).into(),
        namespace: session.namespace().to_string().into(),
        created: session.created().unix_millis(),
        expires_at: session.expires_at().unix_millis(),
        idle: u64::try_from(session.idle().as_millis()).unwrap_or(u64::MAX),
        identity: session.identity().to_record().into(),
        device: (session.device() != Device::default()).then(|| {
            let device = session.device();
            (
                device.browser().as_str().into(),
                device.system().as_str().into(),
            )
        }),
    };
    serde_json::to_vec(&record).map_err(|error| {
        Error::new(ErrorKind::Internal, "store: a session cannot be written").with_source(error)
    })
}

/// Reads the record of the session `id` in a namespace. `None` if it is not that record, or if its
/// login lies so far in the future of `now` that one of the two clocks must be wrong: such a
/// session would expire too late.
#[must_use]
pub fn read<I: StoredIdentity>(
    namespace: &Namespace,
    id: SessionId,
    record: &[u8],
    last_used: Timestamp,
    now: Timestamp,
) -> Option<Session<I>> {
    let record = Record::parse(namespace, &id.digest(), record, now)?;
    let identity = I::from_record(&record.identity)?;
    let session = Session::new(id, identity, record.timeouts(), record.created())
        .within(*namespace)
        .expiring_by(Timestamp::from_unix_millis(record.expires_at))
        .last_used_at(bounded(last_used, now));
    Some(session.on_device(record.device()))
}

/// Reads the description of a session from its record. `None` if the record is not that of a
/// session of this subject, or as for [`read`].
#[must_use]
pub fn read_info<I: StoredIdentity>(
    namespace: &Namespace,
    digest: SessionDigest,
    subject: &str,
    record: &[u8],
    last_used: Timestamp,
    now: Timestamp,
) -> Option<SessionInfo> {
    let record = Record::parse(namespace, &digest, record, now)?;
    if I::from_record(&record.identity)?.subject() != subject {
        return None;
    }
    let info = SessionInfo::new(digest, record.timeouts(), record.created())
        .expiring_by(Timestamp::from_unix_millis(record.expires_at))
        .last_used_at(bounded(last_used, now));
    Some(info.on_device(record.device()))
}

/// An instance whose clock is wrong must not postpone the idle timeout by more than the clocks may
/// differ.
fn bounded(last_used: Timestamp, now: Timestamp) -> Timestamp {
    last_used.min(now.plus(CLOCK_SKEW))
}

impl<'a> Record<'a> {
    fn parse(
        namespace: &Namespace,
        digest: &SessionDigest,
        record: &'a [u8],
        now: Timestamp,
    ) -> Option<Self> {
        let record: Self = serde_json::from_slice(record).ok()?;
        if record.key != hex::encode(digest.as_bytes()) || record.namespace != namespace.to_string()
        {
            return None;
        }
        let ahead = record.created().since(now);
        if ahead > CLOCK_SKEW {
            report_future(ahead, now);
            return None;
        }
        Some(record)
    }

    fn created(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.created)
    }

    fn timeouts(&self) -> SessionTimeouts {
        SessionTimeouts::new(Duration::from_millis(self.idle), Duration::MAX)
    }

    fn device(&self) -> Device {
        self.device
            .as_ref()
            .map_or_else(Device::default, |(browser, system)| {
                Device::new(Browser::named(browser), OperatingSystem::named(system))
            })
    }
}

/// Logs that a record is rejected, once a minute at most.
fn report_future(ahead: Duration, now: Timestamp) {
    static REPORTED: AtomicU64 = AtomicU64::new(0);

    let last = REPORTED.load(Ordering::Relaxed);
    let is_due = now.unix_millis().abs_diff(last) >= REPORT_INTERVAL;
    if is_due
        && REPORTED
            .compare_exchange(
                last,
                now.unix_millis(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .is_ok()
    {
        warn!(
            seconds = %ahead.as_secs(),
            "store: session ignored: its login lies in the future. The clock of this instance or of the one that wrote \
             it is wrong; synchronize the clocks (NTP), then restart the instance that was wrong"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Manager;

    const ID: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    /// A record of version 2. It stays readable.
    const RELEASED: &str = r#"{"key":"ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0","namespace":"AAAAAAAAAAAAAAAAAAAAAA","created":1000000000,"expires_at":1043200000,"idle":1800000,"identity":"{\"user_id\":\"o1\",\"name\":\"王\",\"schools\":[],\"current_school\":null,\"real_info\":null,\"media_info\":null,\"role_id\":null,\"parent_id\":null}"}"#;

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn id() -> SessionId {
        SessionId::parse(ID).unwrap()
    }

    fn session() -> Session<Manager> {
        let mut manager = Manager::new("o1");
        manager.name = "王".to_owned();
        Session::new(id(), manager, SessionTimeouts::default(), START)
    }

    #[test]
    fn format_of_records_is_stable() {
        assert_eq!(
            String::from_utf8(write(&session()).unwrap()).unwrap(),
            RELEASED
        );
        let read: Session<Manager> = read(
            &Namespace::default(),
            id(),
            RELEASED.as_bytes(),
            START,
            START,
        )
        .unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", session()));
        assert_eq!(read.identity(), session().identity());
    }

    #[test]
    fn session_and_description_have_the_timeouts_and_the_device_of_the_record() {
        let timeouts = SessionTimeouts::new(Duration::from_secs(7), Duration::from_secs(60));
        let device = Device::new(Browser::named("Firefox"), OperatingSystem::named("Windows"));
        assert_ne!(device, Device::default());
        let written = Session::new(id(), Manager::new("o1"), timeouts, START).on_device(device);
        let record = write(&written).unwrap();
        let namespace = Namespace::default();

        let read: Session<Manager> = read(&namespace, id(), &record, START, START).unwrap();
        assert_eq!(
            (read.idle(), read.expires_at()),
            (written.idle(), written.expires_at())
        );
        assert_eq!(read.device(), device);

        let description = |subject| {
            let digest = id().digest();
            read_info::<Manager>(&namespace, digest, subject, &record, START, START)
        };
        let described = description("o1").unwrap();
        assert_eq!((described.created(), described.device()), (START, device));
        assert_eq!(described.expires_at(), written.expires_at());
        assert!(described.is_live(START.plus(Duration::from_secs(6))));
        assert!(!described.is_live(START.plus(Duration::from_secs(7))));
        assert_eq!(description("o2"), None);
    }

    #[test]
    fn last_use_is_that_of_its_field() {
        let read_at = |now| {
            read::<Manager>(
                &Namespace::default(),
                id(),
                RELEASED.as_bytes(),
                Timestamp::from_unix_seconds(1_000_060),
                now,
            )
            .unwrap()
        };
        let used = Timestamp::from_unix_seconds(1_000_060);
        assert_eq!(read_at(used.plus(CLOCK_SKEW)).last_used(), used);
        assert_eq!(
            read_at(START).last_used(),
            used,
            "the clock of another instance is a minute ahead"
        );
        let early = START.minus(CLOCK_SKEW);
        assert_eq!(
            read_at(early).last_used(),
            START,
            "a use is at most as far in the future as clocks may differ"
        );
    }

    #[test]
    fn record_with_a_login_in_the_future_is_rejected() {
        let read_before = |by| {
            read::<Manager>(
                &Namespace::default(),
                id(),
                RELEASED.as_bytes(),
                START,
                START.minus(by),
            )
        };
        assert!(read_before(CLOCK_SKEW).is_some());
        assert!(read_before(CLOCK_SKEW + Duration::from_millis(1)).is_none());
        assert!(read_before(Duration::from_secs(365 * 24 * 3_600)).is_none());
    }

    #[test]
    fn record_of_another_session_is_rejected() {
        let other = SessionId::random().unwrap();
        assert!(
            read::<Manager>(
                &Namespace::default(),
                other,
                RELEASED.as_bytes(),
                START,
                START
            )
            .is_none()
        );
    }

    #[test]
    fn s1_record_of_another_namespace_is_rejected() {
        let namespace = Namespace::new("weika", "KEY-A", "https://a.example");
        let written = write(&session().within(namespace)).unwrap();
        let found: Session<Manager> = read(&namespace, id(), &written, START, START).unwrap();
        assert_eq!(*found.namespace(), namespace);
        assert!(read::<Manager>(&Namespace::default(), id(), &written, START, START).is_none());
        assert!(read::<Manager>(&namespace, id(), RELEASED.as_bytes(), START, START).is_none());
    }

    #[test]
    fn truncated_or_changed_record_is_rejected() {
        for end in 0..RELEASED.len() {
            assert!(
                read::<Manager>(
                    &Namespace::default(),
                    id(),
                    &RELEASED.as_bytes()[..end],
                    START,
                    START
                )
                .is_none(),
                "cut at {end}"
            );
        }
        for index in 0..RELEASED.len() {
            let mut changed = RELEASED.as_bytes().to_vec();
            changed[index] = 0xFF;
            // No JSON and no UTF-8 contains this byte.
            assert!(
                read::<Manager>(&Namespace::default(), id(), &changed, START, START).is_none(),
                "changed at {index}"
            );
        }
    }
}
