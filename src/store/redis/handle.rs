//! A Redis that several stores may use.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::builder::RedisBuilder;
use super::link::Link;
use super::listen;
use super::names::Names;
use super::seal::Seal;
use super::sessions::RedisStore;
use crate::clock::Clock;
use crate::error::Error;
use crate::store::StoredIdentity;
use crate::store::local_cache::{Listener, Near, Trust};

/// A Redis or Valkey, and the connections to it. Cheap to clone; clones are the same.
///
/// Several login layers take their [stores](Self::store) from one. See [`RedisStore`] for what is kept there.
#[derive(Clone)]
pub struct Redis {
    pub(super) shared: Arc<Shared>,
}

/// What everything that uses one Redis shares.
pub(super) struct Shared {
    pub(super) link: Arc<Link>,
    pub(super) names: Names,
    pub(super) seal: Seal,
    pub(super) clock: Clock,
    pub(super) trust: Arc<Trust>,
    local_cache_capacity: u64,
    listeners: Mutex<Listeners>,
}

/// Who is to hear of the ends of sessions of a realm.
type Listeners = Vec<(Arc<str>, Weak<dyn Listener>)>;

/// Whether Redis answers, as it was a moment ago: it is asked twice a second.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RedisStatus {
    /// It does.
    Reachable,
    /// It does not. It is tried again all the time.
    Unreachable,
}

impl Redis {
    /// Connects to the server at `url`: `redis://`, or `rediss://` with TLS, or `unix://`.
    ///
    /// TLS is rustls with the certificates of the system. Where the application has installed no provider of
    /// cryptography for rustls, aws-lc is installed for the process.
    ///
    /// # Rights of the Redis user
    ///
    /// With a user of its own (ACL), the application needs the keys `{prefix}:*`, where the braces are part of the
    /// names and the prefix is [`RedisBuilder::site`], the channel `{prefix}:ended`, and these commands:
    ///
    /// ```text
    /// ACL SETUSER app on >password ~{tower-weika}:* &{tower-weika}:ended
    /// +del +eval +evalsha +exists +get +hdel +hmget +hset +pexpire +pttl +publish
    /// +set +subscribe +time +unlink
    /// ```
    ///
    /// A cluster needs `+cluster|slots` too, servers behind sentinels `+role`, and an address with a database number
    /// `+select`. Rights are checked whenever a connection is made; the error names all that are missing. Without `+subscribe` there is no local session cache.
    /// With `+info +config|get`, a warning is logged if the server evicts keys or has no persistence.
    ///
    /// # Errors
    ///
    /// See [`RedisBuilder::connect`].
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder(url).connect().await
    }

    /// The same with settings.
    pub fn builder(url: impl Into<String>) -> RedisBuilder {
        RedisBuilder::single(url.into())
    }

    /// A server whose place the sentinels at these addresses know, under the name of its `master`. User, password and
    /// database in the first address are those of the server, and TLS is used to all of them if it is used there.
    /// For sentinels that want a password: [`RedisBuilder::sentinel_credentials`].
    pub fn sentinel<U: Into<String>>(
        urls: impl IntoIterator<Item = U>,
        master: impl Into<String>,
    ) -> RedisBuilder {
        RedisBuilder::sentinel(urls.into_iter().map(Into::into).collect(), master.into())
    }

    /// A cluster, some nodes of which have these addresses. All keys of a site are at one node.
    pub fn cluster<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> RedisBuilder {
        RedisBuilder::cluster(urls.into_iter().map(Into::into).collect())
    }

    /// The store for the sessions of one kind of people ([`StoredIdentity::KIND`]).
    ///
    /// Asked for again, also by another process, it is the same store. Several login layers may use it: each of them
    /// accepts and revokes the sessions of its own [namespace](crate::store::Namespace) only.
    #[must_use]
    pub fn store<I: StoredIdentity>(&self) -> RedisStore<I> {
        self.realm(I::KIND.into())
    }

    /// Another store for people of this kind, apart from those with other names. Login layers do not need it.
    #[must_use]
    pub fn store_with_namespace<I: StoredIdentity>(&self, name: &str) -> RedisStore<I> {
        // Announcements are words, and no two names may become one.
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        self.realm(format!("{}@{name}", I::KIND).into())
    }

    fn realm<I: StoredIdentity>(&self, realm: Arc<str>) -> RedisStore<I> {
        const {
            assert!(
                is_kind(I::KIND),
                "KIND has lower-case letters, digits and hyphens"
            )
        }
        let shared = &self.shared;
        let near = (shared.local_cache_capacity > 0).then(|| {
            let near = Arc::new(Near::new(
                shared.local_cache_capacity,
                Arc::clone(&shared.trust),
            ));
            let listener: Arc<dyn Listener> = Arc::clone(&near) as _;
            shared
                .listeners()
                .push((Arc::clone(&realm), Arc::downgrade(&listener)));
            near
        });
        RedisStore::new(self.clone(), near, realm)
    }

    /// Whether Redis answers, for a readiness probe. Asks nobody.
    #[must_use]
    pub fn status(&self) -> RedisStatus {
        match self.shared.link.outage() {
            None => RedisStatus::Reachable,
            Some(_) => RedisStatus::Unreachable,
        }
    }

    pub(super) fn new(
        link: Link,
        names: Names,
        seal: Seal,
        local_cache_capacity: u64,
        clock: Clock,
    ) -> Self {
        let (link, trust) = (Arc::new(link), Arc::default());
        let listeners = Mutex::default();
        Self {
            shared: Arc::new(Shared {
                link,
                names,
                seal,
                clock,
                trust,
                local_cache_capacity,
                listeners,
            }),
        }
    }

    /// Connects, and begins to listen.
    pub(super) async fn start(&self, degraded: bool) -> Result<(), Error> {
        let link = &self.shared.link;
        match link.connect().await {
            Err(error) if degraded => {
                link.log_failed_connect(&error);
            }
            outcome => outcome?,
        }
        link.keep();
        if self.shared.local_cache_capacity > 0 {
            listen::start(&self.shared);
        }
        Ok(())
    }
}

impl Shared {
    /// Those who want to hear of the ends of sessions of `realm`, or of all ends without one.
    pub(super) fn listening(&self, realm: Option<&str>) -> Vec<Arc<dyn Listener>> {
        let mut listeners = self.listeners();
        listeners.retain(|(_, listener)| listener.strong_count() > 0);
        let wanted = listeners
            .iter()
            .filter(|(of, _)| realm.is_none_or(|realm| *realm == **of));
        wanted
            .filter_map(|(_, listener)| listener.upgrade())
            .collect()
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        self.shared.fmt(f)
    }
}
