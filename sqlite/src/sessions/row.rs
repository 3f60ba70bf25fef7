use rusqlite::{Connection, OptionalExtension, named_params};
use tower_weika::clock::Timestamp;
use tower_weika::session::SessionDigest;

use super::names::{Names, Owner};

/// Columns of a session that its look-up needs.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) used: Timestamp,
    pub(crate) record: Vec<u8>,
}

/// A session in the list of a subject.
#[derive(Debug)]
pub(crate) struct ListedRow {
    pub(crate) digest: SessionDigest,
    pub(crate) row: Row,
}

/// Returns a session of a namespace.
pub(crate) fn load(
    connection: &Connection,
    names: &Names,
    digest: &SessionDigest,
) -> rusqlite::Result<Option<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT used, record FROM sessions
        WHERE digest = :digest AND namespace = :namespace AND store = :store",
    )?;
    let parameters = named_params! {
        ":digest": digest.as_bytes(), ":namespace": names.namespace.as_bytes(), ":store": &*names.store,
    };
    statement
        .query_row(parameters, |row| {
            Ok(Row {
                used: timestamp(row.get(0)?),
                record: row.get(1)?,
            })
        })
        .optional()
}

/// Returns the sessions of one owner.
pub(crate) fn list(connection: &Connection, owner: &Owner) -> rusqlite::Result<Vec<ListedRow>> {
    let mut statement =
        connection.prepare_cached("SELECT digest, used, record FROM sessions WHERE owner = ?")?;
    let rows = statement.query_map([owner], |row| {
        Ok(ListedRow {
            digest: SessionDigest::from_bytes(row.get(0)?),
            row: Row {
                used: timestamp(row.get(1)?),
                record: row.get(2)?,
            },
        })
    })?;
    rows.collect()
}

/// Records a use, if the session is there. Returns whether it is.
pub(crate) fn touch(
    connection: &Connection,
    names: &Names,
    digest: &SessionDigest,
    used: Timestamp,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "UPDATE sessions SET used = max(used, :used)
        WHERE digest = :digest AND namespace = :namespace AND store = :store",
    )?;
    let changed = statement.execute(named_params! {
        ":used": millis(used),
        ":digest": digest.as_bytes(), ":namespace": names.namespace.as_bytes(), ":store": &*names.store,
    })?;
    Ok(changed > 0)
}

pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(u64::try_from(millis).unwrap_or(0))
}

pub(crate) fn millis(time: Timestamp) -> i64 {
    i64::try_from(time.unix_millis()).unwrap_or(i64::MAX)
}
