//! A Redis that several stores may use.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::builder::RedisBuilder;
use super::link::Link;
use super::listen;
use super::names::Names;
use super::seal::Seal;
use super::sessions::RedisStore;
use crate::clock::Clock;
use crate::error::Error;
use crate::store::StoredIdentity;
use crate::store::near::{Listener, Near, Trust};

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
    near_capacity: u64,
    listeners: Mutex<Vec<(&'static str, Weak<dyn Listener>)>>,
}

/// Whether Redis answers.
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

    /// A server whose place the sentinels at these addresses know, under the name of its `master`. User, password,
    /// database and scheme of the first address are those of the server too.
    pub fn sentinel<U: Into<String>>(urls: impl IntoIterator<Item = U>, master: impl Into<String>) -> RedisBuilder {
        RedisBuilder::sentinel(urls.into_iter().map(Into::into).collect(), master.into())
    }

    /// A cluster, some nodes of which have these addresses. All keys of a site are at one node.
    pub fn cluster<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> RedisBuilder {
        RedisBuilder::cluster(urls.into_iter().map(Into::into).collect())
    }

    /// A store for the sessions of one kind of people.
    #[must_use]
    pub fn store<I: StoredIdentity>(&self) -> RedisStore<I> {
        let shared = &self.shared;
        let near = (shared.near_capacity > 0).then(|| {
            let near = Arc::new(Near::new(shared.near_capacity, Arc::clone(&shared.trust)));
            let listener: Arc<dyn Listener> = Arc::clone(&near) as _;
            shared.listeners().push((I::KIND, Arc::downgrade(&listener)));
            near
        });
        RedisStore::new(self.clone(), near)
    }

    /// Whether Redis answers, for a readiness probe. Asks nobody.
    #[must_use]
    pub fn status(&self) -> RedisStatus {
        match self.shared.link.outage() {
            None => RedisStatus::Reachable,
            Some(_) => RedisStatus::Unreachable,
        }
    }

    pub(super) fn new(link: Link, names: Names, seal: Seal, near_capacity: u64, clock: Clock) -> Self {
        let (link, trust) = (Arc::new(link), Arc::default());
        let listeners = Mutex::default();
        Self { shared: Arc::new(Shared { link, names, seal, clock, trust, near_capacity, listeners }) }
    }

    /// Connects, and begins to listen.
    pub(super) async fn start(&self, degraded: bool) -> Result<(), Error> {
        let link = &self.shared.link;
        match link.connect().await {
            Err(error) if degraded => {
                crate::trace::warn!(error = %error.report(), "redis cannot be reached, starting without it");
                link.reconnect();
            }
            outcome => outcome?,
        }
        if self.shared.near_capacity > 0 {
            listen::start(&self.shared);
        }
        Ok(())
    }
}

impl Shared {
    /// Those who want to hear of the ends of sessions of `kind`, or of all ends without one.
    pub(super) fn listening(&self, kind: Option<&str>) -> Vec<Arc<dyn Listener>> {
        let mut listeners = self.listeners();
        listeners.retain(|(_, listener)| listener.strong_count() > 0);
        let wanted = listeners.iter().filter(|(of, _)| kind.is_none_or(|kind| kind == *of));
        wanted.filter_map(|(_, listener)| listener.upgrade()).collect()
    }

    fn listeners(&self) -> std::sync::MutexGuard<'_, Vec<(&'static str, Weak<dyn Listener>)>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("link", &self.shared.link)
            .field("seal", &self.shared.seal)
            .finish_non_exhaustive()
    }
}
