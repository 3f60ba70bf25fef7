use std::fmt;
use std::path::{Path, PathBuf};

use tower_weika::Error;
use tower_weika::ErrorKind;
use tower_weika::clock::Clock;
use tower_weika::store::external::Encryption;

use crate::error::store_failure;
use crate::handle::{Inner, Sqlite};

/// Builder of a [`Sqlite`].
#[derive(Clone)]
#[must_use]
pub struct SqliteBuilder {
    pub(crate) path: PathBuf,
    encryption_key: Option<Vec<u8>>,
    previous_encryption_keys: Vec<Vec<u8>>,
    pub(crate) local_cache_capacity: u64,
    pub(crate) per_subject: Option<u64>,
    pub(crate) clock: Clock,
}

impl SqliteBuilder {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            encryption_key: None,
            previous_encryption_keys: Vec::new(),
            local_cache_capacity: 100_000,
            per_subject: Some(50),
            clock: Clock::system(),
        }
    }

    /// Encrypts values with a key derived from this secret, of 32 bytes or more: identities, the
    /// secret of the login layers, access tokens and the outcomes of exchanges. Default: values are
    /// not encrypted. The key of a file cannot be added later; begin with a new file.
    pub fn encryption_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.encryption_key = Some(key.as_ref().to_vec());
        self
    }

    /// Also reads values that were encrypted with an earlier key. May be called several times.
    pub fn previous_encryption_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.previous_encryption_keys.push(key.as_ref().to_vec());
        self
    }

    /// Sets how many sessions each store keeps in the memory of the process: 100,000 by default.
    /// With 0, every request with a session reads the file.
    pub fn local_cache_capacity(mut self, sessions: u64) -> Self {
        self.local_cache_capacity = sessions;
        self
    }

    /// Sets how many sessions of one subject are kept at most: 50 by default, and at least one;
    /// `None` is no limit. A login beyond it removes the least recently used one (rule S6).
    pub fn sessions_per_subject(mut self, sessions: impl Into<Option<u64>>) -> Self {
        self.per_subject = sessions.into();
        self
    }

    /// Sets the clock, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the file, creates or migrates its schema, and starts the threads. Reads and writes the
    /// disk, so it is for the start of the program.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store) if the file cannot be used: it cannot be opened, is read-only,
    /// damaged, locked, on a file system without shared memory, of another program, of a later
    /// version, or encrypted with another key. It is not changed then.
    /// [`Configuration`](ErrorKind::Configuration) if a key is invalid, with the
    /// [`ConfigError`](tower_weika::ConfigError) as its source.
    pub fn open(self) -> Result<Sqlite, Error> {
        let encryption = self.encryption()?;
        // SQLite would keep these in memory.
        if self.path.as_os_str().is_empty() || self.path.as_os_str() == ":memory:" {
            return Err(store_failure("sqlite: the path of a file is needed"));
        }
        Ok(Sqlite {
            inner: Inner::open(self, encryption)?,
        })
    }

    fn encryption(&self) -> Result<Encryption, Error> {
        let previous: Vec<&[u8]> = self
            .previous_encryption_keys
            .iter()
            .map(Vec::as_slice)
            .collect();
        Encryption::new(self.encryption_key.as_deref(), &previous).map_err(|error| {
            let context = "sqlite: the settings cannot be used";
            Error::new(ErrorKind::Configuration, context).with_source(error)
        })
    }
}

impl fmt::Debug for SqliteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteBuilder")
            .field("path", &self.path)
            .field("local_cache_capacity", &self.local_cache_capacity)
            .field("sessions_per_subject", &self.per_subject)
            .finish_non_exhaustive()
    }
}
