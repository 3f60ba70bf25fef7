use std::pin::Pin;
use std::sync::Arc;

use derive_where::derive_where;

use super::connection::ManagedConnection;
use super::handle::{Inner, Redis};
use super::keys::SessionKeys;
use crate::coordination::Coordinator;
use crate::error::Error;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};
use crate::store::external::{LocalCache, ReadStart};
use crate::store::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp, StoredIdentity};
use crate::trace::debug;

/// Sessions at a Redis or Valkey, for all instances of an application.
///
/// ```no_run
/// use tower_weika::login::LoginLayer;
/// use tower_weika::provider::WeikaManagerProvider;
/// use tower_weika::store::RedisStore;
///
/// # async fn login() -> Result<(), tower_weika::BoxError> {
/// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
/// let login = LoginLayer::builder(weika)
///     .store(RedisStore::connect("redis://127.0.0.1:6379").await?)
///     .secret(std::env::var("SESSION_SECRET")?) // the same on all instances: `openssl rand -base64 32`
///     .public_url("https://campus.example.edu.cn")
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// The instances also share the application's access token, and exchange each authorization code
/// once ([`Coordinator`]).
///
/// * **Keys.** A session is stored under the namespace of its login and the SHA-256 of its id. The
///   identity is one field, the last use another. All keys have an expiry, and begin with the [key
///   prefix](super::RedisBuilder::key_prefix). With an [encryption
///   key](super::RedisBuilder::encryption_key), values are encrypted.
/// * **Local cache.** Sessions in use are cached in the process, so that most requests cause no
///   call to Redis. A revocation at any instance is effective at all of them within a second: Redis
///   publishes invalidation messages, and the cache is used only while the invalidation channel is
///   known to be healthy. A record that Redis loses without a message is rejected everywhere within
///   60 seconds.
/// * **Logins.** Several login layers may share a Redis: each accepts and revokes its own sessions
///   only ([`Namespace`]).
/// * **Outages.** An operation takes a second at most. While Redis is away, requests with a session
///   cookie get `503` at once, no user is logged out, and visitors without a session cookie are not
///   affected. Durability is that of Redis: it needs persistence (`appendonly yes`) and must not
///   evict keys (`maxmemory-policy noeviction`, the default). If a revocation timestamp is evicted,
///   a revoked session is accepted again. A warning is logged for a server without persistence or
///   with an evicting policy.
/// * **Rights.** [`Redis::connect`] lists the rights that a Redis user of the application needs.
///   They are checked when a connection is made, and the error names all that are missing.
/// * **Versions.** A record of a newer version of this crate is left alone. For an instance that
///   cannot read it, the user is unauthenticated.
#[derive_where(Clone, Debug)]
pub struct RedisStore<I> {
    redis: Redis,
    pub(super) cache: Option<Arc<LocalCache<I>>>,
    /// The kind of identity, and a name where there are several stores for one kind.
    pub(super) name: Arc<str>,
}

impl<I: StoredIdentity> RedisStore<I> {
    /// Connects to the server at `url`: `redis://`, `rediss://` for TLS, or `unix://`. With
    /// settings, or for several login layers: [`Redis`].
    ///
    /// # Errors
    ///
    /// See [`RedisBuilder::connect`](super::RedisBuilder::connect).
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Ok(Redis::connect(url).await?.store())
    }

    /// Returns the handle, for its status and for other stores.
    #[must_use]
    pub fn redis(&self) -> &Redis {
        &self.redis
    }

    pub(super) fn new(redis: Redis, cache: Option<Arc<LocalCache<I>>>, name: Arc<str>) -> Self {
        Self { redis, cache, name }
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.redis.inner
    }

    pub(super) fn connection(&self) -> &ManagedConnection {
        &self.redis.inner.connection
    }

    pub(super) fn keys(&self, namespace: &Namespace) -> SessionKeys {
        self.inner().keys.sessions(&self.name, namespace)
    }

    pub(super) fn start_read(&self) -> Option<ReadStart> {
        let cache = self.cache.as_ref()?;
        Some(cache.start_read(self.inner().clock.now()))
    }
}

impl<I: StoredIdentity> SessionStore<I> for RedisStore<I> {
    // Boxed: the round trip to Redis costs a thousand times more, and cached sessions need no
    // future.
    type Load = Pin<Box<dyn Future<Output = LoadResult<I>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        let digest = id.digest();
        if let Some(cache) = &self.cache
            && let Some(cached) = cache.get(&digest, self.inner().clock.now())
        {
            if cached.is_refresh_due {
                self.refresh(cached.session.namespace(), id, digest);
            }
            let is_of_namespace = cached.session.namespace() == namespace;
            return Lookup::Ready(Ok(is_of_namespace.then_some(cached.session)));
        }
        match self.connection().outage() {
            Some(error) => Lookup::Ready(Err(error)),
            None => Lookup::Pending(Box::pin(self.clone().fetch(*namespace, *id, digest))),
        }
    }

    fn touch(&self, session: &Arc<Session<I>>) {
        if let Some(runtime) = self.background() {
            let recorded = self.clone().record_use(Arc::clone(session));
            drop(runtime.spawn(async move {
                if let Err(error) = recorded.await {
                    debug!(error = %error.report(), "redis: the last use of a session could not be recorded");
                }
            }));
        }
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        self.next_timestamp(namespace).await
    }

    async fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.insert_session(session, previous, since).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        self.revoke_session(namespace, &id.digest(), None).await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.revoke_session(namespace, session, Some(subject)).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.revoke_subject(namespace, subject, kept).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        self.revoke_all(namespace).await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.list_sessions(namespace, subject).await
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        Some(self.redis.coordinator())
    }
}
