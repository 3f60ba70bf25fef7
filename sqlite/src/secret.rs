//! The secret that the file keeps for login layers that have none configured.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use tower_weika::Error;
use tower_weika::store::external::Encryption;

use crate::error::{store_error, store_failure};
use crate::random;

const NAME: &str = "login";

/// Returns the secret of the file; creates it in a new one. It is written again, so that it is
/// encrypted with the current key.
pub(crate) fn of_file(
    connection: &mut Connection,
    encryption: &Encryption,
) -> Result<Vec<u8>, Error> {
    let immediate = TransactionBehavior::Immediate;
    let transaction = connection
        .transaction_with_behavior(immediate)
        .map_err(store_error)?;
    let stored = transaction
        .query_row("SELECT value FROM secrets WHERE name = ?", [NAME], |row| {
            row.get(0)
        })
        .optional()
        .map_err(store_error)?;
    let secret = match stored {
        None => random::bytes()?.to_vec(),
        Some::<Vec<u8>>(stored) => encryption.decrypt(NAME, &stored).ok_or_else(|| {
            store_failure(
                "sqlite: encryption_key is not the one that the file was written with; add that one as previous_encryption_key, or use a new file",
            )
        })?,
    };
    let encrypted = encryption.encrypt(NAME, &secret)?;
    transaction
        .execute(
            "INSERT INTO secrets (name, value) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET value = ?2",
            (NAME, encrypted),
        )
        .and_then(|_| transaction.commit())
        .map_err(store_error)?;
    Ok(secret)
}
