//! Errors of SQLite as errors of the store.

use rusqlite::ErrorCode;
use tower_weika::{Error, ErrorKind};

/// Returns the error of kind `Store` for a failure of SQLite. Its text names the cause and the
/// remedy.
pub(crate) fn store_error(error: rusqlite::Error) -> Error {
    store_failure(cause(&error)).with_source(error)
}

/// Creates an error of kind `Store`.
pub(crate) fn store_failure(context: &'static str) -> Error {
    Error::new(ErrorKind::Store, context)
}

fn cause(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => "sqlite: the file is locked by another process",
        Some(ErrorCode::ConstraintViolation) => "sqlite: there is a session with this id already",
        Some(ErrorCode::DiskFull) => "sqlite: the disk is full; free some space",
        Some(ErrorCode::ReadOnly) => {
            "sqlite: the file or its folder is read-only; check permissions and mount options"
        }
        Some(ErrorCode::CannotOpen) => {
            "sqlite: the file cannot be opened; check that its folder exists and may be written"
        }
        Some(ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
            "sqlite: access to the file is denied; check permissions"
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "sqlite: the file is damaged; move it aside, or restore a copy. Nothing was deleted"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "sqlite: the file cannot be read or written; check the disk"
        }
        _ => "sqlite: an operation failed",
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use rusqlite::ffi;

    use super::*;

    #[test]
    fn causes_are_named_and_keep_their_source() {
        for (code, expected) in [
            (ffi::SQLITE_BUSY, "locked"),
            (ffi::SQLITE_LOCKED, "locked"),
            (ffi::SQLITE_CONSTRAINT, "this id already"),
            (ffi::SQLITE_FULL, "disk is full"),
            (ffi::SQLITE_READONLY, "read-only"),
            (ffi::SQLITE_CANTOPEN, "cannot be opened"),
            (ffi::SQLITE_PERM, "denied"),
            (ffi::SQLITE_NOTADB, "damaged"),
            (ffi::SQLITE_CORRUPT, "damaged"),
            (ffi::SQLITE_IOERR, "check the disk"),
            (ffi::SQLITE_MISUSE, "an operation failed"),
        ] {
            let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = store_error(failure);
            assert_eq!(error.kind(), ErrorKind::Store);
            let text = error.to_string();
            assert!(
                text.starts_with("sqlite: ") && text.contains(expected),
                "{code}: {text}"
            );
            assert!(error.source().is_some());
        }
    }
}
