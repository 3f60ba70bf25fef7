//! Record of a session at Redis.
//!
//! The values that never change are one JSON text, encrypted if there is a key. It contains the
//! namespace and the key under which it is stored, so that it is not accepted as another session.
//! The last use is another field of the hash.
//!
//! Times are those of the writer's timeline (see [`clock`](crate::clock)). A change of the system
//! time therefore changes neither the records of a process nor how the process reads them.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time_to_live::CLOCK_SKEW;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::hex;
use crate::session::Namespace;
use crate::session::{Session, SessionId, SessionTimeouts};
use crate::store::StoredIdentity;
use crate::trace::warn;

/// The version of the format. Records of every released version stay readable; those of a newer one
/// are left alone.
pub(super) const VERSION: &str = "2";

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
}

/// Writes the record of a session.
pub(super) fn write<I: StoredIdentity>(session: &Session<I>) -> Result<Vec<u8>, Error> {
    let record = Record {
        key: hex::encode(&session.id().digest()).into(),
        namespace: session.namespace().to_string().into(),
        created: session.created().unix_millis(),
        expires_at: session.expires_at().unix_millis(),
        idle: u64::try_from(session.idle().as_millis()).unwrap_or(u64::MAX),
        identity: session.identity().to_record().into(),
    };
    serde_json::to_vec(&record).map_err(|error| {
        Error::new(ErrorKind::Internal, "redis: a session cannot be written").with_source(error)
    })
}

/// Reads the record of the session `id` in a namespace. `None` if it is not that record, or if its
/// login lies so far in the future of `now` that one of the two clocks must be wrong: such a
/// session would expire too late.
pub(super) fn read<I: StoredIdentity>(
    namespace: &Namespace,
    id: SessionId,
    record: &[u8],
    used: &[u8],
    now: Timestamp,
) -> Option<Session<I>> {
    let record: Record<'_> = serde_json::from_slice(record).ok()?;
    if record.key != hex::encode(&id.digest()) || record.namespace != namespace.to_string() {
        return None;
    }
    let used = Timestamp::from_unix_millis(std::str::from_utf8(used).ok()?.parse().ok()?);
    let created = Timestamp::from_unix_millis(record.created);
    let ahead = created.since(now);
    if ahead > CLOCK_SKEW {
        report_future(ahead, now);
        return None;
    }
    let timeouts = SessionTimeouts::new(Duration::from_millis(record.idle), Duration::MAX);
    let session = Session::new(id, I::from_record(&record.identity)?, timeouts, created);
    // An instance whose clock is wrong must not postpone the idle timeout by more than the clocks
    // may differ.
    let session = session
        .within(*namespace)
        .expiring_by(Timestamp::from_unix_millis(record.expires_at));
    Some(session.last_used_at(used.min(now.plus(CLOCK_SKEW))))
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
            "redis: session ignored: its login lies in the future. The clock of this instance or of the one that wrote \
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
            b"1000000000",
            START,
        )
        .unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", session()));
        assert_eq!(read.identity(), session().identity());
    }

    #[test]
    fn last_use_is_that_of_its_field() {
        let read_at = |now| {
            read::<Manager>(
                &Namespace::default(),
                id(),
                RELEASED.as_bytes(),
                b"1000060000",
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
                b"1000000000",
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
                b"1000000000",
                START
            )
            .is_none()
        );
    }

    #[test]
    fn s1_record_of_another_namespace_is_rejected() {
        let namespace = Namespace::new("weika", "KEY-A", "https://a.example");
        let written = write(&session().within(namespace)).unwrap();
        let found: Session<Manager> =
            read(&namespace, id(), &written, b"1000000000", START).unwrap();
        assert_eq!(*found.namespace(), namespace);
        assert!(
            read::<Manager>(&Namespace::default(), id(), &written, b"1000000000", START).is_none()
        );
        assert!(
            read::<Manager>(&namespace, id(), RELEASED.as_bytes(), b"1000000000", START).is_none()
        );
    }

    #[test]
    fn truncated_or_changed_record_is_rejected() {
        for end in 0..RELEASED.len() {
            assert!(
                read::<Manager>(
                    &Namespace::default(),
                    id(),
                    &RELEASED.as_bytes()[..end],
                    b"1000000000",
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
                read::<Manager>(&Namespace::default(), id(), &changed, b"1000000000", START)
                    .is_none(),
                "changed at {index}"
            );
        }
        for used in [&b""[..], b"x", b"-1", b"1.5", b"99999999999999999999"] {
            assert!(
                read::<Manager>(
                    &Namespace::default(),
                    id(),
                    RELEASED.as_bytes(),
                    used,
                    START
                )
                .is_none(),
                "{used:?}"
            );
        }
    }
}
