use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use derive_where::derive_where;
use tower_weika::Error;
use tower_weika::coordination::Coordinator;
use tower_weika::session::{Namespace, Session, SessionDigest, SessionId, SessionInfo};
use tower_weika::store::external::{LocalCache, ReadStart, record};
use tower_weika::store::{
    Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp, StoredIdentity,
};
use tracing::debug;

use crate::handle::{Inner, Sqlite};
use crate::sessions::{self, Insertion, Names, PreviousRow, Revoked, revocations};
use crate::threads::Durability;

/// Sessions in a SQLite file, for all processes of an application on one machine.
///
/// See the [crate](crate) for an example and for its behavior. Where applications configure several
/// login layers, [`Sqlite`] makes the stores of one file.
#[derive_where(Clone, Debug)]
pub struct SqliteStore<I> {
    sqlite: Sqlite,
    #[derive_where(skip(Debug))]
    cache: Option<Arc<LocalCache<I>>>,
    name: Arc<str>,
}

impl<I: StoredIdentity> SqliteStore<I> {
    /// Opens a file, and creates it if there is none; its folder must exist. With settings, or for
    /// several login layers: [`Sqlite`].
    ///
    /// # Errors
    /// See [`SqliteBuilder::open`](crate::SqliteBuilder::open).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Sqlite::open(path)?.store())
    }

    /// Returns the handle, for its state and for other stores.
    #[must_use]
    pub fn sqlite(&self) -> &Sqlite {
        &self.sqlite
    }

    pub(crate) fn new(sqlite: Sqlite, cache: Option<Arc<LocalCache<I>>>, name: Arc<str>) -> Self {
        Self {
            sqlite,
            cache,
            name,
        }
    }

    fn inner(&self) -> &Inner {
        &self.sqlite.inner
    }

    fn names(&self, namespace: &Namespace) -> Names {
        Names {
            store: Arc::clone(&self.name),
            namespace: *namespace,
        }
    }

    fn start_read(&self) -> Option<ReadStart> {
        let cache = self.cache.as_ref()?;
        Some(cache.start_read(self.inner().clock.now()))
    }

    /// Reads a session from the file, and caches it.
    async fn fetch(self, namespace: Namespace, id: SessionId) -> LoadResult<I> {
        let (read, names, digest) = (self.start_read(), self.names(&namespace), id.digest());
        let reader = &self.inner().reader;
        let loaded = {
            let names = names.clone();
            reader.read(move |connection| sessions::load(connection, &names, &digest))
        };
        let row = loaded
            .await
            .inspect_err(|error| self.inner().health.look_up_failed(error))?;
        let session = row
            .and_then(|row| self.parse(&names, id, &row))
            .map(Arc::new);
        if let (Some(cache), Some(read)) = (&self.cache, read) {
            match &session {
                Some(session) => {
                    cache.confirm(&digest, read);
                    cache.insert(session, read);
                }
                None => cache.drop_absent(&digest),
            }
        }
        Ok(session)
    }

    /// Parses a row. One that cannot be parsed is left alone.
    fn parse(&self, names: &Names, id: SessionId, row: &sessions::Row) -> Option<Session<I>> {
        let inner = self.inner();
        let record = inner
            .encryption
            .decrypt(&names.record(&id.digest()), &row.record);
        let now = inner.clock.now();
        let session =
            record.and_then(|record| record::read(&names.namespace, id, &record, row.used, now));
        if session.is_none() {
            debug!("sqlite: session ignored: its record cannot be decrypted or parsed");
        }
        session
    }

    /// Has a cached session confirmed in the background.
    #[cold]
    fn refresh(&self, namespace: &Namespace, id: &SessionId) {
        let (store, names, id) = (self.clone(), self.names(namespace), *id);
        let (read, digest) = (self.start_read(), id.digest());
        self.inner().reader.read_in_background(move |connection| {
            let (Some(cache), Some(read)) = (&store.cache, read) else {
                return;
            };
            // After a failure the session is a miss once its last confirmation is too old.
            let Ok(row) = sessions::load(connection, &names, &digest) else {
                return;
            };
            match row.and_then(|row| store.parse(&names, id, &row)) {
                Some(_) => cache.confirm(&digest, read),
                None => cache.drop_absent(&digest),
            }
        });
    }

    /// Applies a revocation to the local caches of this process. The watcher does it again.
    fn revoked(&self, revoked: &Revoked) {
        self.inner().caches.apply(&self.name, revoked);
    }
}

impl<I: StoredIdentity> SessionStore<I> for SqliteStore<I> {
    // Boxed: the way to another thread and back costs more, and cached sessions need no future.
    type Load = Pin<Box<dyn Future<Output = LoadResult<I>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        if let Some(cache) = &self.cache
            && let Some(cached) = cache.get(&id.digest(), self.inner().clock.now())
        {
            if cached.is_refresh_due {
                self.refresh(cached.session.namespace(), id);
            }
            let is_of_namespace = cached.session.namespace() == namespace;
            return Lookup::Ready(Ok(is_of_namespace.then_some(cached.session)));
        }
        match self.inner().health.read_failure() {
            Some(error) => Lookup::Ready(Err(error)),
            None => Lookup::Pending(Box::pin(self.clone().fetch(*namespace, *id))),
        }
    }

    fn touch(&self, session: &Arc<Session<I>>) {
        let (names, digest) = (self.names(session.namespace()), session.id().digest());
        let (read, used, cache) = (self.start_read(), session.last_used(), self.cache.clone());
        self.inner().writer.change_in_background(
            move |transaction| sessions::touch(transaction, &names, &digest, used),
            move |touched| match (cache, read, touched) {
                (Some(cache), Some(read), Ok(true)) => cache.touch(&digest, used, read),
                (Some(cache), _, Ok(false)) => cache.drop_absent(&digest),
                // Without a record, the idle timeout counts from an earlier use.
                _ => {}
            },
        );
    }

    async fn stamp(&self, _: &Namespace) -> Result<Stamp, Error> {
        let inner = self.inner();
        inner.logins.begin();
        inner.reader.read(revocations::stamp).await
    }

    async fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        let inner = self.inner();
        inner.logins.end();
        let (names, digest) = (self.names(session.namespace()), session.id().digest());
        let previous = previous.map(|previous| PreviousRow {
            digest: previous.id().digest(),
            is_concurrent: matches!(previous, Previous::Concurrent(_)),
        });
        let plain = record::write(&session)?;
        let insertion = Insertion {
            digest,
            owner: names.owner(session.identity().subject()),
            record: inner.encryption.encrypt(&names.record(&digest), &plain)?,
            used: session.last_used(),
            idle: i64::try_from(session.idle().as_millis()).unwrap_or(i64::MAX),
            expires_at: session.expires_at(),
            previous,
            since,
            per_subject: inner.per_subject,
            now: inner.clock.now(),
            names,
        };
        let read = self.start_read();
        let inserted = inner.writer.change(Durability::Disk, move |transaction| {
            sessions::insert(transaction, &insertion)
        });
        let inserted = inserted.await;
        if let (Some(cache), Some(previous)) = (&self.cache, previous) {
            // This does not keep the new session from being cached; the watcher will.
            cache.drop_absent(&previous.digest);
        }
        let inserted = inserted?;
        for digest in &inserted.evicted {
            debug!(
                "store: a subject has its maximum number of sessions; the least recently used one is evicted"
            );
            if let Some(cache) = &self.cache {
                cache.drop_absent(digest);
            }
        }
        if let (Some(cache), Some(read), Inserted::Kept) = (&self.cache, read, inserted.inserted) {
            cache.insert(&Arc::new(session), read);
        }
        Ok(inserted.inserted)
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        let (names, digest) = (self.names(namespace), id.digest());
        let now = self.inner().clock.now();
        let removed = self
            .inner()
            .writer
            .change(Durability::Disk, move |transaction| {
                sessions::remove(transaction, &names, &digest, now)
            });
        let removed = removed.await;
        self.revoked(&Revoked::Session(digest));
        removed
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        let (names, digest, now) = (self.names(namespace), *session, self.inner().clock.now());
        let owner = names.owner(subject);
        let removed = self
            .inner()
            .writer
            .change(Durability::Disk, move |transaction| {
                sessions::remove_of(transaction, &names, &owner, &digest, now)
            });
        let removed = removed.await?;
        if removed {
            self.revoked(&Revoked::Session(digest));
        }
        Ok(removed)
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        let (names, kept) = (self.names(namespace), kept.map(SessionId::digest));
        let (owner, now) = (names.owner(subject), self.inner().clock.now());
        let removed = self
            .inner()
            .writer
            .change(Durability::Disk, move |transaction| {
                sessions::remove_subject(transaction, &names, &owner, kept.as_ref(), now)
            });
        let removed = removed.await;
        let namespace = *namespace.as_bytes();
        self.revoked(&Revoked::Owner { namespace, owner });
        removed
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        let (names, now) = (self.names(namespace), self.inner().clock.now());
        let removed = self
            .inner()
            .writer
            .change(Durability::Disk, move |transaction| {
                sessions::remove_all(transaction, &names, now)
            });
        let removed = removed.await;
        self.revoked(&Revoked::Namespace(*namespace.as_bytes()));
        removed
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        let (inner, names) = (self.inner(), self.names(namespace));
        let owner = names.owner(subject);
        let rows = inner
            .reader
            .read(move |connection| sessions::list(connection, &owner))
            .await?;
        let now = inner.clock.now();
        let described = rows
            .iter()
            .filter_map(|sessions::ListedRow { digest, row }| {
                let record = inner
                    .encryption
                    .decrypt(&names.record(digest), &row.record)?;
                record::read_info::<I>(namespace, *digest, subject, &record, row.used, now)
            });
        Ok(described.collect())
    }

    fn secret(&self) -> Option<Vec<u8>> {
        Some(self.inner().secret.clone())
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        Some(self.sqlite.coordinator())
    }
}
