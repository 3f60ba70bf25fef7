use rusqlite::{Connection, OptionalExtension, named_params};
use tower_weika::clock::Timestamp;
use tower_weika::session::SessionDigest;

use super::names::{Names, Owner};
use super::revocations::{Revoked, record};

/// Revokes a session. Returns whether it was there.
pub(crate) fn remove(
    transaction: &Connection,
    names: &Names,
    digest: &SessionDigest,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let was_there = delete(transaction, names, digest)?;
    // Not for an unknown session: any client can name one.
    if was_there {
        record(transaction, names, &Revoked::Session(*digest), now)?;
    }
    Ok(was_there)
}

/// Revokes a session if it is one of this owner.
pub(crate) fn remove_of(
    transaction: &Connection,
    names: &Names,
    owner: &Owner,
    digest: &SessionDigest,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    if owner_of(transaction, names, digest)? != Some(*owner) {
        return Ok(false);
    }
    remove(transaction, names, digest, now)
}

/// Revokes all sessions of an owner but `kept`.
pub(crate) fn remove_subject(
    transaction: &Connection,
    names: &Names,
    owner: &Owner,
    kept: Option<&SessionDigest>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM sessions WHERE owner = :owner AND digest IS NOT :kept")?
        .execute(named_params! { ":owner": owner, ":kept": kept.map(SessionDigest::as_bytes) })?;
    let namespace = *names.namespace.as_bytes();
    record(
        transaction,
        names,
        &Revoked::Owner {
            namespace,
            owner: *owner,
        },
        now,
    )
}

/// Revokes all sessions of a namespace.
pub(crate) fn remove_all(
    transaction: &Connection,
    names: &Names,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM sessions WHERE store = :store AND namespace = :namespace")?
        .execute(named_params! {
            ":store": &*names.store, ":namespace": names.namespace.as_bytes(),
        })?;
    record(
        transaction,
        names,
        &Revoked::Namespace(*names.namespace.as_bytes()),
        now,
    )
}

/// Removes a session that another one replaces. That is no revocation: another login may replace
/// the same session.
pub(super) fn replace(
    transaction: &Connection,
    names: &Names,
    digest: &SessionDigest,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if delete(transaction, names, digest)? {
        record(transaction, names, &Revoked::Replaced(*digest), now)?;
    }
    Ok(())
}

/// Returns the owner of a session, if it is there.
pub(super) fn owner_of(
    connection: &Connection,
    names: &Names,
    digest: &SessionDigest,
) -> rusqlite::Result<Option<Owner>> {
    connection
        .prepare_cached(
            "SELECT owner FROM sessions
            WHERE digest = :digest AND namespace = :namespace AND store = :store",
        )?
        .query_row(
            named_params! {
                ":digest": digest.as_bytes(), ":namespace": names.namespace.as_bytes(),
                ":store": &*names.store,
            },
            |row| row.get(0),
        )
        .optional()
}

fn delete(
    transaction: &Connection,
    names: &Names,
    digest: &SessionDigest,
) -> rusqlite::Result<bool> {
    let deleted = transaction
        .prepare_cached(
            "DELETE FROM sessions
            WHERE digest = :digest AND namespace = :namespace AND store = :store",
        )?
        .execute(named_params! {
            ":digest": digest.as_bytes(), ":namespace": names.namespace.as_bytes(),
            ":store": &*names.store,
        })?;
    Ok(deleted > 0)
}
