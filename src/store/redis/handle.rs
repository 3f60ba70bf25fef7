use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::builder::RedisBuilder;
use super::connection::ManagedConnection;
use super::invalidation::spawn_subscriber;
use super::keys::Keys;
use super::status::RedisStatus;
use super::store::RedisStore;
use crate::clock::Clock;
use crate::error::Error;
use crate::store::StoredIdentity;
use crate::store::external::Encryption;
use crate::store::external::{CacheValidity, Invalidate, LocalCache};

/// Handle of a Redis or Valkey and the connections to it. Cheap to clone.
///
/// Several login layers may take their [stores](Self::store) from one handle. See [`RedisStore`]
/// for what is stored.
#[derive(Clone)]
pub struct Redis {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) connection: Arc<ManagedConnection>,
    pub(super) keys: Keys,
    pub(super) encryption: Encryption,
    pub(super) clock: Clock,
    pub(super) validity: Arc<CacheValidity>,
    pub(super) local_cache_capacity: u64,
    /// The limit of the sessions of one subject; at least one.
    pub(super) sessions_per_subject: Option<u64>,
    caches: Mutex<Vec<StoreCache>>,
}

/// Local cache of a store.
struct StoreCache {
    store: Arc<str>,
    cache: Weak<dyn Invalidate>,
}

impl Redis {
    /// Connects to the server at `url`: `redis://`, `rediss://` for TLS, or `unix://`.
    ///
    /// TLS is rustls with the certificates of the system. If the application has installed no
    /// cryptography provider for rustls, aws-lc is installed for the process.
    ///
    /// # Rights of the Redis user
    ///
    /// With a separate Redis user (ACL), the application needs the keys `{prefix}:*`, where the
    /// braces are part of the names and the prefix is [`RedisBuilder::key_prefix`], the channel
    /// `{prefix}:invalidations`, and these commands:
    ///
    /// ```text
    /// ACL SETUSER app on >password ~{tower-weika}:* &{tower-weika}:invalidations
    /// +del +eval +evalsha +exists +get +hdel +hkeys +hlen +hmget +hset +pexpire +pttl
    /// +publish +set +subscribe +time +unlink
    /// ```
    ///
    /// A cluster also needs `+cluster|slots`, servers behind sentinels `+role`, and an address with
    /// a database number `+select`. Rights are checked whenever a connection is made; the error
    /// names all that are missing. Without `+subscribe` there is no local session cache. With
    /// `+info +config|get`, a warning is logged if the server evicts keys or has no persistence.
    ///
    /// # Errors
    ///
    /// See [`RedisBuilder::connect`].
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder(url).connect().await
    }

    /// Returns a builder for one server, see [`connect`](Self::connect).
    pub fn builder(url: impl Into<String>) -> RedisBuilder {
        RedisBuilder::single(url.into())
    }

    /// Returns a builder for a master behind sentinels. The addresses are those of the sentinels.
    /// User, password and database in the first address are those of the server, and TLS is used
    /// for all connections if it is used there. For sentinels that need a password:
    /// [`RedisBuilder::sentinel_credentials`].
    pub fn sentinel<U: Into<String>>(
        urls: impl IntoIterator<Item = U>,
        master: impl Into<String>,
    ) -> RedisBuilder {
        RedisBuilder::sentinel(urls.into_iter().map(Into::into).collect(), master.into())
    }

    /// Returns a builder for a cluster with nodes at these addresses. All keys of one prefix are at
    /// one node.
    pub fn cluster<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> RedisBuilder {
        RedisBuilder::cluster(urls.into_iter().map(Into::into).collect())
    }

    /// Returns the store for the sessions of one kind of identity ([`StoredIdentity::KIND`]).
    ///
    /// It is the same store whenever, and in whichever process, it is returned. Several login
    /// layers may use it: each of them accepts and revokes the sessions of one
    /// [namespace](crate::session::Namespace) only.
    #[must_use]
    pub fn store<I: StoredIdentity>(&self) -> RedisStore<I> {
        self.named_store(I::KIND.into())
    }

    /// Returns another store for this kind of identity, isolated from those with other names. Login
    /// layers do not need it.
    #[must_use]
    pub fn store_with_namespace<I: StoredIdentity>(&self, name: &str) -> RedisStore<I> {
        // Invalidation messages are words, and no two names may become one.
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        self.named_store(format!("{}@{name}", I::KIND).into())
    }

    fn named_store<I: StoredIdentity>(&self, name: Arc<str>) -> RedisStore<I> {
        const {
            assert!(
                is_kind(I::KIND),
                "KIND has lower-case letters, digits and hyphens"
            )
        }
        let inner = &self.inner;
        let cache = (inner.local_cache_capacity > 0).then(|| {
            let validity = Arc::clone(&inner.validity);
            let cache = Arc::new(LocalCache::new(inner.local_cache_capacity, validity));
            let invalidated: Arc<dyn Invalidate> = Arc::clone(&cache) as _;
            inner.caches.lock().push(StoreCache {
                store: Arc::clone(&name),
                cache: Arc::downgrade(&invalidated),
            });
            cache
        });
        RedisStore::new(self.clone(), cache, name)
    }

    /// Returns the connection state for a readiness probe; performs no I/O.
    #[must_use]
    pub fn status(&self) -> RedisStatus {
        match self.inner.connection.outage() {
            None => RedisStatus::Reachable,
            Some(_) => RedisStatus::Unreachable,
        }
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Connects, and starts the background tasks. If `is_degraded_allowed`, a failure is only
    /// logged.
    pub(super) async fn start(&self, is_degraded_allowed: bool) -> Result<(), Error> {
        let connection = &self.inner.connection;
        match connection.connect().await {
            Err(error) if is_degraded_allowed => connection.log_failed_connect(&error),
            outcome => outcome?,
        }
        connection.spawn_reconnect_task();
        if self.inner.local_cache_capacity > 0 {
            spawn_subscriber(&self.inner);
        }
        Ok(())
    }
}

impl Inner {
    pub(super) fn new(
        connection: ManagedConnection,
        keys: Keys,
        encryption: Encryption,
        local_cache_capacity: u64,
        sessions_per_subject: Option<u64>,
        clock: Clock,
    ) -> Self {
        Self {
            connection: Arc::new(connection),
            keys,
            encryption,
            clock,
            validity: Arc::default(),
            local_cache_capacity,
            sessions_per_subject,
            caches: Mutex::default(),
        }
    }

    /// Returns the local caches of a store, or of all stores.
    pub(super) fn caches(&self, store: Option<&str>) -> Vec<Arc<dyn Invalidate>> {
        let mut caches = self.caches.lock();
        caches.retain(|of| of.cache.strong_count() > 0);
        caches
            .iter()
            .filter(|of| store.is_none_or(|store| *store == *of.store))
            .filter_map(|of| of.cache.upgrade())
            .collect()
    }
}

const fn is_kind(kind: &str) -> bool {
    let (bytes, mut index) = (kind.as_bytes(), 0);
    while index < bytes.len() {
        if !matches!(bytes[index], b'a'..=b'z' | b'0'..=b'9' | b'-') {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty()
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
