//! Removal of expired rows, and the size of the file.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, named_params};
use tower_weika::Error;
use tower_weika::clock::Timestamp;
use tower_weika::session::SessionDigest;
use tracing::debug;

use super::spawn;
use crate::handle::Inner;
use crate::sessions::millis;

/// The time between two steps.
const INTERVAL: Duration = Duration::from_secs(1);

/// Steps that are left out between two passes.
const PAUSE: u32 = 15;

/// Sessions that a step looks at.
const STEP: i64 = 10_000;

/// Sessions that one transaction removes at most, so that a login does not wait for long.
const REMOVED_AT_ONCE: i64 = 1_000;

/// An expired session is kept for this long: the record of its last use may be under way.
const GRACE: Duration = Duration::from_secs(120);

/// A file up to this size stays as it is.
const SMALL: i64 = 1_024 * 1_024;

/// Bytes of a row beside its record, in the table and in the index: the least that SQLite needs.
const ROW_BYTES: i64 = 170;

/// Starts the thread that removes expired rows, until the last handle is dropped. A step costs some
/// milliseconds at most, so that requests do not notice it.
pub(crate) fn maintain(inner: &Arc<Inner>, connection: Connection) -> Result<(), Error> {
    let weak = Arc::downgrade(inner);
    spawn("sqlite-cleaner", move || {
        let (mut pass, mut pause) = (Pass::default(), 0);
        while let Some(inner) = Weak::upgrade(&weak) {
            if inner.health.is_write_failing() {
                probe(&inner);
            }
            if pause > 0 {
                pause -= 1;
            } else {
                let stepped = pass.step(&connection, &inner);
                if let Err(error) = &stepped {
                    // The calls of the application meet the same failure, and report it.
                    debug!(error = %error, "sqlite: expired sessions could not be removed");
                }
                if !stepped.unwrap_or(false) {
                    pause = PAUSE;
                }
            }
            drop(inner);
            thread::sleep(INTERVAL);
        }
    })
}

/// One pass over all sessions, in steps.
#[derive(Default)]
struct Pass {
    /// The last session that was looked at.
    after: Option<SessionDigest>,
    live: Live,
}

/// Rows that have not expired.
#[derive(Clone, Copy, Default)]
struct Live {
    rows: i64,
    record_bytes: i64,
}

impl Live {
    /// Returns an estimate of their size in a rebuilt file: not more than it, so that every file of
    /// twice the size is rebuilt, and not less than half of it, so that a rebuilt file stays.
    fn bytes(self) -> i64 {
        self.record_bytes + self.rows * ROW_BYTES
    }
}

impl Pass {
    /// Looks at the next sessions. Returns whether there are more.
    fn step(&mut self, connection: &Connection, inner: &Arc<Inner>) -> rusqlite::Result<bool> {
        let expired_by = inner.clock.now().minus(GRACE);
        let step = look(connection, self.after, expired_by)?;
        self.live.rows += step.live.rows;
        self.live.record_bytes += step.live.record_bytes;
        for _ in 0..(step.expired + REMOVED_AT_ONCE - 1) / REMOVED_AT_ONCE {
            remove_expired(inner, self.after, step.last, expired_by);
        }
        self.after = step.last;
        if step.last.is_none() {
            remove_expired_flows(inner);
            shrink(inner, std::mem::take(&mut self.live));
        }
        Ok(step.last.is_some())
    }
}

struct Step {
    live: Live,
    expired: i64,
    /// `None` at the end of the table.
    last: Option<SessionDigest>,
}

fn look(
    connection: &Connection,
    after: Option<SessionDigest>,
    expired_by: Timestamp,
) -> rusqlite::Result<Step> {
    // Above 913 bytes here, a row has more than 1,002 bytes, and SQLite adds an overflow page to it.
    let mut statement = connection.prepare_cached(
        "SELECT count(*), max(digest), count(*) FILTER (WHERE NOT is_live),
            coalesce(sum(iif(bytes > 913, max(bytes, 4096), bytes)) FILTER (WHERE is_live), 0)
        FROM (
            SELECT digest, length(record) + length(store) AS bytes,
                expires_at > :end AND used + idle > :end AS is_live FROM sessions
            WHERE digest > :after ORDER BY digest LIMIT :step
        )",
    )?;
    let parameters = named_params! {
        ":after": bytes(after.as_ref()), ":end": millis(expired_by), ":step": STEP,
    };
    statement.query_row(parameters, |row| {
        let (rows, expired): (i64, i64) = (row.get(0)?, row.get(2)?);
        let last: Option<[u8; 32]> = row.get(1)?;
        Ok(Step {
            live: Live {
                rows: rows - expired,
                record_bytes: row.get(3)?,
            },
            expired,
            last: last.filter(|_| rows == STEP).map(SessionDigest::from_bytes),
        })
    })
}

fn bytes(digest: Option<&SessionDigest>) -> &[u8] {
    digest.map_or(&[], |digest| digest.as_bytes())
}

/// Has the writer remove some of the expired sessions after one digest and up to another one.
fn remove_expired(
    inner: &Inner,
    after: Option<SessionDigest>,
    last: Option<SessionDigest>,
    expired_by: Timestamp,
) {
    let remove = move |transaction: &Connection| {
        let mut statement = transaction.prepare_cached(
            "DELETE FROM sessions WHERE (digest, namespace, store) IN (
                SELECT digest, namespace, store FROM sessions
                WHERE digest > :after AND (:last IS NULL OR digest <= :last)
                AND (expires_at <= :end OR used + idle <= :end)
                ORDER BY digest LIMIT :most
            )",
        )?;
        let parameters = named_params! {
            ":after": bytes(after.as_ref()), ":last": last.as_ref().map(SessionDigest::as_bytes),
            ":end": millis(expired_by), ":most": REMOVED_AT_ONCE,
        };
        statement.execute(parameters).map(drop)
    };
    inner
        .writer
        .change_in_background(remove, |_: Result<(), Error>| {});
}

/// Has the writer write something, so that an instance which gets no requests because it is not
/// ready learns that it is ready again.
fn probe(inner: &Inner) {
    let write = |transaction: &Connection| {
        let statement = "UPDATE secrets SET value = value";
        transaction.prepare_cached(statement)?.execute([]).map(drop)
    };
    inner
        .writer
        .change_in_background(write, |_: Result<(), Error>| {});
}

fn remove_expired_flows(inner: &Inner) {
    let now = millis(inner.clock.now());
    let remove = move |transaction: &Connection| {
        let statement = "DELETE FROM flows WHERE expires_at <= ?";
        transaction
            .prepare_cached(statement)?
            .execute([now])
            .map(drop)
    };
    inner
        .writer
        .change_in_background(remove, |_: Result<(), Error>| {});
}

/// Has the writer rebuild the file if less than half of it is in use.
fn shrink(inner: &Arc<Inner>, live: Live) {
    inner.writer.outside(move |connection| {
        let is_due = size(connection).is_ok_and(|size| size > SMALL.max(live.bytes() * 2));
        if !is_due {
            return;
        }
        let rebuilt = connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
        if let Err(error) = rebuilt {
            debug!(error = %error, "sqlite: the file could not be made smaller");
        }
    });
}

fn size(connection: &Connection) -> rusqlite::Result<i64> {
    let number = |pragma: &str| {
        connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
    };
    Ok(number("page_count")? * number("page_size")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    /// Returns the size of a rebuilt file with as many sessions of these sizes, and the estimate.
    fn size_and_estimate(record: i64, store: &str) -> (i64, i64) {
        let connection = Connection::open_in_memory().unwrap();
        let schema = include_str!("../database/schema/1.sql");
        connection.execute_batch(schema).unwrap();
        let insert = "INSERT INTO sessions
            WITH RECURSIVE numbers (number) AS (
                SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT 5000
            )
            SELECT randomblob(32), zeroblob(16), ?, randomblob(16), ?, 3600000, ?, zeroblob(?)
            FROM numbers";
        let inserted = connection.execute(insert, (store, NOW, NOW + 3_600_000, record));
        assert_eq!(inserted.unwrap(), 5_000);
        connection.execute_batch("VACUUM").unwrap();
        let now = Timestamp::from_unix_millis(NOW.unsigned_abs());
        let step = look(&connection, None, now).unwrap();
        assert_eq!((step.live.rows, step.expired), (5_000, 0));
        (size(&connection).unwrap(), step.live.bytes())
    }

    #[test]
    fn live_rows_need_between_one_and_two_times_the_estimate() {
        for record in [
            0, 40, 80, 300, 600, 850, 900, 920, 1_500, 4_000, 5_000, 9_000,
        ] {
            for store in ["person", "weika-manager"] {
                let (size, estimate) = size_and_estimate(record, store);
                let is_between = (size / 2..=size).contains(&estimate);
                assert!(
                    is_between,
                    "{record} B: {estimate} estimated, {size} needed"
                );
            }
        }
    }
}
