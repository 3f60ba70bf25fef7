//! Connections to the file.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tower_weika::Error;

use super::{file, schema};
use crate::error::{store_error, store_failure};
use crate::monotonic;

/// How long a connection waits for a lock of another process, at least.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two attempts to get a lock.
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// Pages of the write-ahead log after which they are moved into the file.
const CHECKPOINT_PAGES: i64 = 4_000;

/// Opens the file for reading and writing, and creates it if there is none.
pub(crate) fn connect(path: &Path) -> Result<Connection, Error> {
    file::create(path)?;
    file::check_length(path)?;
    let connection = open(path)?;
    // Without write permission, SQLite opens the file for reading.
    if is_read_only(&connection, path).map_err(store_error)? {
        return Err(store_failure(
            "sqlite: the file or its folder is read-only; check permissions and mount options",
        ));
    }
    // Before the first change: the file may be of another program.
    schema::check(&connection)?;
    use_write_ahead_log(&connection)?;
    set_up(&connection).map_err(store_error)?;
    Ok(connection)
}

/// Opens another connection to a file that is in use, for reading.
pub(crate) fn read_only(path: &Path) -> Result<Connection, Error> {
    let connection = open(path)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(store_error)?;
    // The first read opens the log: not later, when the file may have been moved.
    connection
        .query_row("PRAGMA schema_version", [], |_| Ok(()))
        .map_err(store_error)?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    let set_up = || {
        connection.busy_handler(Some(wait_for_lock))?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "trusted_schema", false)
    };
    set_up().map_err(store_error)?;
    Ok(connection)
}

/// Finds out by a transaction without a change: `Connection::is_readonly` has not the same signature
/// in all versions of `rusqlite`.
fn is_read_only(connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
    let begun = connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
    match begun
        .as_ref()
        .err()
        .and_then(rusqlite::Error::sqlite_error_code)
    {
        Some(ErrorCode::ReadOnly) => Ok(true),
        // The write-ahead log cannot be created.
        Some(ErrorCode::CannotOpen) if file::is_folder_read_only(path) => Ok(true),
        _ => begun.map(|()| false),
    }
}

/// Waits for a lock of another process, in short steps: one that writes all the time releases it for
/// moments only, which the longer and longer pauses of SQLite's own waiting miss.
fn wait_for_lock(attempts: i32) -> bool {
    thread::sleep(LOCK_PAUSE);
    LOCK_PAUSE * attempts.unsigned_abs() < LOCK_TIMEOUT
}

/// Switches to the write-ahead log. SQLite does not wait for other processes here, so this does.
fn use_write_ahead_log(connection: &Connection) -> Result<(), Error> {
    let end = monotonic::now() + LOCK_TIMEOUT;
    loop {
        let switched = connection.query_row("PRAGMA journal_mode = WAL", [], |row| {
            row.get::<_, String>(0)
        });
        match switched {
            Ok(mode) => return check_mode(&mode),
            Err(error) if !is_locked(&error) || monotonic::now() > end => {
                return Err(store_error(error));
            }
            Err(_) => {}
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn check_mode(mode: &str) -> Result<(), Error> {
    if mode == "wal" {
        return Ok(());
    }
    Err(store_failure(
        "sqlite: the file system of the file has no shared memory, which the write-ahead log needs; use a local disk",
    ))
}

fn is_locked(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // After a burst, the log does not keep its size.
    connection.pragma_update(None, "journal_size_limit", 16 * 1_024 * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_without_a_write_ahead_log_is_refused() {
        let memory = Connection::open_in_memory().unwrap();
        let error = use_write_ahead_log(&memory).unwrap_err().to_string();
        assert!(error.contains("use a local disk"), "{error}");
    }
}
