use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tower_weika::Error;
use tower_weika::clock::Clock;
use tower_weika::coordination::Coordinator;
use tower_weika::store::StoredIdentity;
use tower_weika::store::external::{CacheValidity, Encryption, Invalidate, LocalCache};

use crate::builder::SqliteBuilder;
use crate::database::{self, FileIdentity};
use crate::secret;
use crate::sessions::Caches;
use crate::store::SqliteStore;
use crate::threads::{self, Health, LoginsUnderWay, Reader, Writer};

/// The threads that read: one may wait for the disk while the other one answers from memory.
const READERS: usize = 2;

/// Handle of a file with sessions, and the threads that read and write it. Cheap to clone.
///
/// Several login layers may take their [stores](Self::store) from one handle. See [`SqliteStore`].
#[derive(Clone)]
pub struct Sqlite {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) writer: Writer,
    pub(crate) reader: Reader,
    pub(crate) logins: Arc<LoginsUnderWay>,
    pub(crate) file: Arc<FileIdentity>,
    pub(crate) health: Arc<Health>,
    pub(crate) encryption: Encryption,
    pub(crate) clock: Clock,
    pub(crate) validity: Arc<CacheValidity>,
    pub(crate) caches: Caches,
    pub(crate) per_subject: Option<u64>,
    pub(crate) secret: Vec<u8>,
    local_cache_capacity: u64,
}

impl Sqlite {
    /// Opens a file, and creates it if there is none; its folder must exist.
    ///
    /// # Errors
    /// See [`SqliteBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder(path).open()
    }

    /// Returns a builder, for settings.
    pub fn builder(path: impl AsRef<Path>) -> SqliteBuilder {
        SqliteBuilder::new(path.as_ref())
    }

    /// Returns the store for the sessions of one kind of identity ([`StoredIdentity::KIND`]).
    ///
    /// Several login layers may use it: each of them accepts and revokes the sessions of one
    /// [namespace](tower_weika::session::Namespace) only.
    #[must_use]
    pub fn store<I: StoredIdentity>(&self) -> SqliteStore<I> {
        let (inner, name) = (&self.inner, Arc::from(I::KIND));
        let cache = (inner.local_cache_capacity > 0).then(|| {
            let validity = Arc::clone(&inner.validity);
            let cache = Arc::new(LocalCache::new(inner.local_cache_capacity, validity));
            let invalidated: Arc<dyn Invalidate> = Arc::clone(&cache) as _;
            inner.caches.add(&name, &invalidated);
            cache
        });
        SqliteStore::new(self.clone(), cache, name)
    }

    /// Returns the coordinator of all processes that use this file; the same one for all clones.
    #[must_use]
    pub fn coordinator(&self) -> Arc<dyn Coordinator> {
        Arc::clone(&self.inner) as _
    }

    /// Returns the failure of the last read or write, for a readiness probe; performs no I/O.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        self.inner.health.failure()
    }
}

impl Inner {
    pub(crate) fn open(builder: SqliteBuilder, encryption: Encryption) -> Result<Arc<Self>, Error> {
        // The process may change its working directory.
        let path = &std::path::absolute(&builder.path).unwrap_or(builder.path);
        let mut connection = database::connect(path)?;
        database::prepare(&mut connection, path)?;
        let secret = secret::of_file(&mut connection, &encryption)?;
        let readers = (0..READERS).map(|_| database::read_only(path));
        let readers = readers.collect::<Result<_, _>>()?;
        let (watched, maintained) = (database::read_only(path)?, database::read_only(path)?);
        let file = Arc::new(FileIdentity::of(path.clone()));
        let (health, logins) = (Arc::<Health>::default(), Arc::<LoginsUnderWay>::default());
        let writer = {
            let (file, health, logins) = (file.clone(), health.clone(), logins.clone());
            Writer::start(connection, file, health, logins)?
        };
        let inner = Arc::new(Self {
            writer,
            reader: Reader::start(readers)?,
            logins,
            file,
            health,
            encryption,
            clock: builder.clock,
            validity: Arc::default(),
            caches: Caches::default(),
            per_subject: builder.per_subject,
            secret,
            local_cache_capacity: builder.local_cache_capacity,
        });
        threads::watch(&inner, watched)?;
        threads::maintain(&inner, maintained)?;
        Ok(inner)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("file", &self.file)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
