//! The secret that the file keeps for login layers that have none configured.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use tower_weika::store::external::Encryption;
use tower_weika::{Error, ErrorKind};

use crate::error::{store_error, store_failure};

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
        None => random()?.to_vec(),
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

/// 32 bytes of the operating system.
fn random() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => {
            let context = "no randomness from the operating system";
            Err(Error::new(ErrorKind::Internal, context).with_source(error))
        }
    }
}

/// A random name for the holder of a lease.
pub(crate) fn random_name() -> Result<String, Error> {
    let bytes = random()?;
    Ok(bytes[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
