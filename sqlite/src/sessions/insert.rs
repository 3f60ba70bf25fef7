use rusqlite::{Connection, named_params};
use tower_weika::clock::Timestamp;
use tower_weika::session::SessionDigest;
use tower_weika::store::{Inserted, Stamp};

use super::names::{Names, Owner};
use super::remove::{owner_of, replace};
use super::revocations;
use super::row::millis;

/// A new session, and what its insertion depends on.
#[derive(Debug)]
pub(crate) struct Insertion {
    pub(crate) names: Names,
    pub(crate) digest: SessionDigest,
    pub(crate) owner: Owner,
    pub(crate) record: Vec<u8>,
    pub(crate) used: Timestamp,
    pub(crate) idle: i64,
    pub(crate) expires_at: Timestamp,
    pub(crate) previous: Option<PreviousRow>,
    pub(crate) since: Stamp,
    /// The largest number of sessions of one owner.
    pub(crate) per_subject: Option<u64>,
    pub(crate) now: Timestamp,
}

/// The session that the browser had.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PreviousRow {
    pub(crate) digest: SessionDigest,
    /// Whether it stays if it is of the same owner.
    pub(crate) is_concurrent: bool,
}

/// Result of an insertion. The sessions that were evicted are to be dropped from caches.
#[derive(Debug)]
pub(crate) struct InsertedRow {
    pub(crate) inserted: Inserted,
    pub(crate) evicted: Vec<SessionDigest>,
}

/// Inserts a session and removes the previous one.
pub(crate) fn insert(
    transaction: &Connection,
    insertion: &Insertion,
) -> rusqlite::Result<InsertedRow> {
    let Insertion {
        names,
        owner,
        previous,
        now,
        ..
    } = insertion;
    let replaced = previous.as_ref().map(|previous| &previous.digest);
    let is_revoked = revocations::covers(transaction, names, owner, replaced, insertion.since)?;
    if let Some(previous) = previous {
        let stays = previous.is_concurrent
            && owner_of(transaction, names, &previous.digest)? == Some(*owner);
        if !stays {
            replace(transaction, names, &previous.digest, *now)?;
        }
    }
    if is_revoked {
        return Ok(InsertedRow {
            inserted: Inserted::Revoked,
            evicted: Vec::new(),
        });
    }
    let evicted = evict(transaction, insertion)?;
    transaction
        .prepare_cached(
            "INSERT INTO sessions (digest, namespace, store, owner, used, idle, expires_at, record)
            VALUES (:digest, :namespace, :store, :owner, :used, :idle, :expires_at, :record)",
        )?
        .execute(named_params! {
            ":digest": insertion.digest.as_bytes(), ":namespace": names.namespace.as_bytes(),
            ":store": &*names.store, ":owner": owner, ":used": millis(insertion.used),
            ":idle": insertion.idle, ":expires_at": millis(insertion.expires_at),
            ":record": insertion.record,
        })?;
    Ok(InsertedRow {
        inserted: Inserted::Kept,
        evicted,
    })
}

/// Makes room for one more session of the owner: those that are not live go first, then the least
/// recently used.
fn evict(transaction: &Connection, insertion: &Insertion) -> rusqlite::Result<Vec<SessionDigest>> {
    let Some(most) = insertion.per_subject else {
        return Ok(Vec::new());
    };
    let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
    let mut statement = transaction.prepare_cached(
        "SELECT digest FROM sessions WHERE owner = :owner
        ORDER BY (expires_at > :now AND used + idle > :now) DESC, used DESC, expires_at DESC
        LIMIT -1 OFFSET :kept",
    )?;
    let parameters = named_params! {
        ":owner": insertion.owner, ":now": millis(insertion.now), ":kept": most - 1,
    };
    let evicted = statement
        .query_map(parameters, |row| row.get(0).map(SessionDigest::from_bytes))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for digest in &evicted {
        replace(transaction, &insertion.names, digest, insertion.now)?;
    }
    Ok(evicted)
}
