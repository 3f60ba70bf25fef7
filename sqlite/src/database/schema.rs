//! Schema of the file, and its migrations.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use tower_weika::Error;
use tracing::warn;

use super::file;
use crate::error::{store_error, store_failure};

/// Identifies the file as one of this crate: `TWKA` in ASCII.
const APPLICATION_ID: i32 = 0x5457_4b41;

/// The statements that lead from each version to the next. A released entry never changes.
const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql")];

/// Checks that a file is one of this crate, of this version or an earlier one.
pub(super) fn check(connection: &Connection) -> Result<(), Error> {
    version(connection).map(drop)
}

/// Creates the schema in a new file, or migrates an earlier version.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(store_error)?;
    let (version, is_new) = version(&transaction)?;
    if is_new {
        file::restrict(path)?;
    } else if file::is_open_to_others(path) {
        warn!(
            "sqlite: other users of this machine can read the file, which contains sessions and a secret; run chmod 600 on it"
        );
    }
    let pending = MIGRATIONS.get(version..).unwrap_or_default();
    let migrated = pending
        .iter()
        .try_for_each(|step| transaction.execute_batch(step));
    migrated
        .and_then(|()| transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64))
        .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION_ID))
        .and_then(|()| transaction.commit())
        .map_err(store_error)
}

/// Returns the version of the schema, and whether there is none yet.
fn version(connection: &Connection) -> Result<(usize, bool), Error> {
    let number = |pragma: &str| {
        connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
    };
    let read = || {
        let tables = "SELECT count(*) FROM sqlite_master";
        let is_new = connection.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0;
        Ok((number("application_id")?, number("user_version")?, is_new))
    };
    let (application, version, is_new) = read().map_err(store_error)?;
    if !is_new && application != i64::from(APPLICATION_ID) {
        return Err(store_failure(
            "sqlite: the file is a database of another program, and was not changed; use another path",
        ));
    }
    let known = usize::try_from(version)
        .ok()
        .filter(|version| *version <= MIGRATIONS.len());
    let version = known.ok_or_else(|| {
        store_failure(
            "sqlite: the file was written by a later version of tower-weika-sqlite, and was not changed; use that version or another path",
        )
    })?;
    Ok((version, is_new))
}
