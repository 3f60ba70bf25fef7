//! The file as the file system sees it.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tower_weika::Error;

use crate::error::store_failure;

/// Creates the file, for its owner only, if there is none. SQLite gives the files beside it the same
/// permissions.
pub(super) fn create(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            let context = "sqlite: the file cannot be created; check that its folder exists and may be written";
            Err(store_failure(context).with_source(error))
        }
    }
}

/// Refuses a file of a few bytes, which SQLite takes for a new one. It is not opened for that: when
/// a process closes a file, it loses the locks of all its connections to it (POSIX, `fcntl`).
pub(super) fn check_length(path: &Path) -> Result<(), Error> {
    const LEAST: u64 = 512;

    let length = fs::metadata(path).map_or(0, |file| file.len());
    if length == 0 || length >= LEAST {
        return Ok(());
    }
    Err(store_failure(
        "sqlite: the file is damaged or is no database; move it aside, or restore a copy. It was not changed",
    ))
}

/// Whether no file can be created beside this one, which the write-ahead log needs.
pub(super) fn is_folder_read_only(path: &Path) -> bool {
    let probe = path.with_extension("probe");
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => {
            drop(fs::remove_file(probe));
            false
        }
        Err(error) => matches!(
            error.kind(),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
        ),
    }
}

/// Takes the permissions of other users of the machine away from a file that is still empty.
#[cfg(unix)]
pub(super) fn restrict(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(|error| {
        store_failure("sqlite: the permissions of the file cannot be set").with_source(error)
    })
}

#[cfg(not(unix))]
pub(super) fn restrict(_: &Path) -> Result<(), Error> {
    Ok(())
}

/// Whether other users of the machine can read the file, which contains sessions and a secret.
#[cfg(unix)]
pub(super) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Identity of the file that was opened: SQLite would go on with a file that was removed or
/// replaced, and the next process would not find its sessions.
#[derive(Debug)]
pub(crate) struct FileIdentity {
    path: PathBuf,
    /// `None` where the system has no such numbers.
    numbers: Option<(u64, u64)>,
}

impl FileIdentity {
    pub(crate) fn of(path: PathBuf) -> Self {
        let numbers = numbers(&path);
        Self { path, numbers }
    }

    /// Returns an error if another file, or none, has the path now.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.numbers == numbers(&self.path) {
            return Ok(());
        }
        Err(store_failure(
            "sqlite: the file was removed or replaced while it is in use; restore it, or restart the process",
        ))
    }
}

#[cfg(unix)]
fn numbers(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn numbers(_: &Path) -> Option<(u64, u64)> {
    None
}
