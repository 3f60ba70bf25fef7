//! The client of an instance: a `SessionStore` with a local cache, as `RedisStore` is one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use tower_weika::Error;
use tower_weika::clock::Timestamp;
use tower_weika::coordination::Coordinator;
use tower_weika::session::{Namespace, Session, SessionDigest, SessionId, SessionInfo};
use tower_weika::store::external::{Invalidate, LocalCache, ReadStart, record};
use tower_weika::store::{
    Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp, StoredIdentity,
};

use super::link::{StoreLink, failed};
use super::server::{PreviousSession, Server, SessionKey, StoredSession};

pub(crate) struct StoreClient<I> {
    link: StoreLink,
    cache: Option<Arc<LocalCache<I>>>,
    coordinator: Arc<dyn Coordinator>,
}

impl<I> Clone for StoreClient<I> {
    fn clone(&self) -> Self {
        Self {
            link: self.link.clone(),
            cache: self.cache.clone(),
            coordinator: Arc::clone(&self.coordinator),
        }
    }
}

impl<I> fmt::Debug for StoreClient<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreClient").finish_non_exhaustive()
    }
}

impl<I: StoredIdentity> StoreClient<I> {
    pub(crate) fn new(
        link: StoreLink,
        cache: Option<Arc<LocalCache<I>>>,
        coordinator: Arc<dyn Coordinator>,
    ) -> Self {
        Self {
            link,
            cache,
            coordinator,
        }
    }

    fn now(&self) -> Timestamp {
        self.link.clock.now()
    }

    fn start_read(&self) -> Option<ReadStart> {
        let cache = self.cache.as_ref()?;
        Some(cache.start_read(self.now()))
    }

    async fn fetch(self, namespace: Namespace, id: SessionId) -> LoadResult<I> {
        let (read, digest) = (self.start_read(), id.digest());
        let key = key(&namespace, &digest);
        let stored = self.link.call(|server| server.load(&key)).await?;
        let found = stored.and_then(|stored| {
            let used = Timestamp::from_unix_millis(stored.last_used);
            record::read(&namespace, id, &stored.record, used, self.now())
        });
        let Some(session) = found else {
            if let Some(cache) = &self.cache {
                cache.drop_absent(&digest);
            }
            return Ok(None);
        };
        let session = Arc::new(session);
        if let (Some(cache), Some(read)) = (&self.cache, read) {
            cache.confirm(&digest, read);
            cache.insert(&session, read);
        }
        Ok(Some(session))
    }

    async fn record_use(self, session: Arc<Session<I>>) -> Result<(), Error> {
        let (read, digest) = (self.start_read(), session.id().digest());
        let key = key(session.namespace(), &digest);
        let (used, expires) = (session.last_used().unix_millis(), expiry(&session));
        let touch = |server: &mut Server| server.touch(&key, used, expires);
        let is_there = self.link.call(touch).await?;
        if let (Some(cache), Some(read)) = (&self.cache, read) {
            if is_there {
                cache.touch(&digest, session.last_used(), read);
            } else {
                cache.drop_absent(&digest);
            }
        }
        Ok(())
    }

    /// Runs a revocation at the server and in the local cache.
    async fn revoke<T>(
        &self,
        command: impl FnOnce(&mut Server) -> T,
        invalidate: impl Fn(&LocalCache<I>),
    ) -> Result<T, Error> {
        let revoked = self.link.call(command).await;
        if let Some(cache) = &self.cache {
            invalidate(cache);
        }
        revoked
    }
}

fn key(namespace: &Namespace, digest: &SessionDigest) -> SessionKey {
    (*namespace.as_bytes(), *digest)
}

fn expiry<I>(session: &Session<I>) -> u64 {
    let idle = session.last_used().plus(session.idle());
    idle.min(session.expires_at()).unix_millis()
}

impl<I: StoredIdentity> SessionStore<I> for StoreClient<I> {
    type Load = Pin<Box<dyn Future<Output = LoadResult<I>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        if let Some(cache) = &self.cache
            && let Some(cached) = cache.get(&id.digest(), self.now())
        {
            if cached.is_refresh_due {
                let refresh = self.clone().fetch(*cached.session.namespace(), *id);
                drop(tokio::spawn(refresh));
            }
            let is_of_namespace = cached.session.namespace() == namespace;
            return Lookup::Ready(Ok(is_of_namespace.then_some(cached.session)));
        }
        Lookup::Pending(Box::pin(self.clone().fetch(*namespace, *id)))
    }

    fn touch(&self, session: &Arc<Session<I>>) {
        drop(tokio::spawn(self.clone().record_use(Arc::clone(session))));
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        let namespace = *namespace.as_bytes();
        let stamp = self.link.call(|server| server.stamp(namespace)).await?;
        Ok(Stamp::new(stamp))
    }

    async fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        let key = key(session.namespace(), &session.id().digest());
        let stored = StoredSession {
            record: record::write(&session)?,
            last_used: session.last_used().unix_millis(),
            born: since.number(),
            subject: session.identity().subject().to_owned(),
            expires: expiry(&session),
        };
        let previous = previous.map(|previous| PreviousSession {
            digest: previous.id().digest(),
            is_concurrent: matches!(previous, Previous::Concurrent(_)),
        });
        let read = self.start_read();
        let inserted = self
            .link
            .call(|server| server.insert(key, stored, previous))
            .await;
        if let (Some(cache), Some(previous)) = (&self.cache, previous) {
            cache.drop_absent(&previous.digest);
        }
        let is_kept = inserted?.ok_or_else(|| failed("there is a session with this id already"))?;
        let mut server = self.link.world.server.lock();
        let now = server.now();
        server.ledger.settled(&key, now);
        drop(server);
        if !is_kept {
            return Ok(Inserted::Revoked);
        }
        if let (Some(cache), Some(read)) = (&self.cache, read) {
            cache.insert(&Arc::new(session), read);
        }
        Ok(Inserted::Kept)
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        let digest = id.digest();
        let key = key(namespace, &digest);
        let command = |server: &mut Server| server.revoke_session(key);
        self.revoke(command, |cache| cache.invalidate(&digest))
            .await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        let key = key(namespace, session);
        let command = |server: &mut Server| server.revoke_session_of(key, subject);
        self.revoke(command, |cache| cache.invalidate(session))
            .await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        let kept = kept.map(SessionId::digest);
        let command =
            |server: &mut Server| server.revoke_subject(*namespace.as_bytes(), subject, kept);
        self.revoke(command, |cache| {
            cache.invalidate_where(&|of, cached| of == namespace && cached == subject);
        })
        .await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        let command = |server: &mut Server| server.revoke_all(*namespace.as_bytes());
        self.revoke(command, |cache| {
            cache.invalidate_where(&|of, _| of == namespace);
        })
        .await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        let command = |server: &mut Server| server.sessions_of(*namespace.as_bytes(), subject);
        let stored = self.link.call(command).await?;
        let info = |(digest, stored): (SessionDigest, StoredSession)| {
            let used = Timestamp::from_unix_millis(stored.last_used);
            let now = self.now();
            record::read_info::<I>(namespace, digest, subject, &stored.record, used, now)
        };
        Ok(stored.into_iter().filter_map(info).collect())
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        Some(Arc::clone(&self.coordinator))
    }
}
