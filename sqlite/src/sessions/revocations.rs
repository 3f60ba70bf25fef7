//! The revocations of the last ten minutes.

use rusqlite::{Connection, OptionalExtension, named_params};
use tower_weika::clock::Timestamp;
use tower_weika::session::SessionDigest;
use tower_weika::store::Stamp;

use super::names::{Names, Owner};
use super::row::millis;

const SESSION: i64 = 0;
const OWNER: i64 = 1;
const NAMESPACE: i64 = 2;
const REPLACED: i64 = 3;

/// Sessions that were revoked, in one namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Revoked {
    Session(SessionDigest),
    Owner {
        namespace: [u8; 16],
        owner: Owner,
    },
    Namespace([u8; 16]),
    /// A session that another one has replaced or evicted: no pending login is covered.
    Replaced(SessionDigest),
}

#[derive(Debug)]
pub(crate) struct Revocation {
    pub(crate) store: String,
    pub(crate) revoked: Revoked,
}

/// The revocations after a number.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) last: i64,
    /// `None` if some of them are forgotten.
    pub(crate) listed: Option<Vec<Revocation>>,
}

/// Returns the number of the last revocation.
pub(crate) fn stamp(connection: &Connection) -> rusqlite::Result<Stamp> {
    last(connection).map(|last| Stamp::new(u64::try_from(last).unwrap_or(0)))
}

fn last(connection: &Connection) -> rusqlite::Result<i64> {
    let mut statement =
        connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'revocations'")?;
    let last = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(last.unwrap_or(0))
}

/// Returns the largest number that is forgotten.
fn forgotten(connection: &Connection) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("SELECT min(number) FROM revocations")?;
    let first: Option<i64> = statement.query_row([], |row| row.get(0))?;
    match first {
        Some(first) => Ok(first - 1),
        None => last(connection),
    }
}

/// Records a revocation, and forgets those that no stamp can be compared with any more.
pub(super) fn record(
    transaction: &Connection,
    names: &Names,
    revoked: &Revoked,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (kind, key): (i64, &[u8]) = match revoked {
        Revoked::Session(digest) => (SESSION, digest.as_bytes()),
        Revoked::Owner { owner, .. } => (OWNER, owner),
        Revoked::Namespace(_) => (NAMESPACE, &[]),
        Revoked::Replaced(digest) => (REPLACED, digest.as_bytes()),
    };
    transaction
        .prepare_cached(
            "INSERT INTO revocations (kind, store, namespace, key, at)
            VALUES (:kind, :store, :namespace, :key, :now)",
        )?
        .execute(named_params! {
            ":kind": kind, ":store": &*names.store, ":namespace": names.namespace.as_bytes(),
            ":key": key, ":now": millis(now),
        })?;
    // In the order of their numbers, so that a clock that was set back keeps later ones.
    transaction
        .prepare_cached(
            "DELETE FROM revocations WHERE number <
            (SELECT number FROM revocations WHERE at > :end ORDER BY number LIMIT 1)",
        )?
        .execute(named_params! { ":end": millis(now.minus(Stamp::LIFETIME)) })?;
    Ok(())
}

/// Whether a revocation after the stamp covers a new session of `owner` that replaces `previous`.
pub(super) fn covers(
    transaction: &Connection,
    names: &Names,
    owner: &Owner,
    previous: Option<&SessionDigest>,
    since: Stamp,
) -> rusqlite::Result<bool> {
    let since = i64::try_from(since.number()).unwrap_or(i64::MAX);
    if since < forgotten(transaction)? {
        return Ok(true);
    }
    let mut statement = transaction.prepare_cached(
        "SELECT EXISTS (
            SELECT 1 FROM revocations
            WHERE number > :since AND store = :store AND namespace = :namespace
            AND (kind = 2 OR kind = 1 AND key = :owner OR kind = 0 AND key = :previous)
        )",
    )?;
    let parameters = named_params! {
        ":since": since, ":store": &*names.store, ":namespace": names.namespace.as_bytes(),
        ":owner": owner, ":previous": previous.map(SessionDigest::as_bytes),
    };
    statement.query_row(parameters, |row| row.get(0))
}

/// Returns the revocations after a number.
pub(crate) fn since(connection: &Connection, known: Option<i64>) -> rusqlite::Result<News> {
    // One snapshot: other processes may forget some of them meanwhile.
    let connection = &connection.unchecked_transaction()?;
    let last = last(connection)?;
    let Some(known) = known.filter(|known| *known <= last) else {
        return Ok(News { last, listed: None });
    };
    if known < forgotten(connection)? {
        return Ok(News { last, listed: None });
    }
    let mut statement = connection.prepare_cached(
        "SELECT kind, store, namespace, key FROM revocations
        WHERE number > ? AND number <= ? ORDER BY number",
    )?;
    let rows = statement.query_map([known, last], |row| {
        let revoked = match row.get(0)? {
            OWNER => Revoked::Owner {
                namespace: row.get(2)?,
                owner: row.get(3)?,
            },
            NAMESPACE => Revoked::Namespace(row.get(2)?),
            SESSION => Revoked::Session(SessionDigest::from_bytes(row.get(3)?)),
            _ => Revoked::Replaced(SessionDigest::from_bytes(row.get(3)?)),
        };
        Ok(Revocation {
            store: row.get(1)?,
            revoked,
        })
    })?;
    let listed = rows.collect::<rusqlite::Result<_>>()?;
    Ok(News {
        last,
        listed: Some(listed),
    })
}
