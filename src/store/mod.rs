//! Where sessions live.
//!
//! [`SessionStore`] is the contract; `MemoryStore` keeps sessions in this process, `RedisStore` (feature `redis`) for
//! several. A store never decides whether a session still counts: [`Session::is_live`] does, asked by the layer. With
//! the feature `testing`, the module `contract` has the tests that every store must pass; run them against one of your
//! own.

#[cfg(feature = "testing")]
pub mod contract;
mod either;
#[cfg(feature = "redis")]
mod local_cache;
#[cfg(feature = "memory")]
mod marks;
#[cfg(feature = "memory")]
mod memory;
mod namespace;
#[cfg(feature = "redis")]
mod redis;
mod stamp;
mod stored_identity;
#[cfg(feature = "memory")]
mod subjects;
#[cfg(feature = "memory")]
mod table;
use std::sync::Arc;

pub use self::either::{Either, EitherLoad};
#[cfg(feature = "memory")]
pub use self::memory::{MemoryStore, MemoryStoreBuilder};
pub use self::namespace::Namespace;
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisBuilder, RedisLoad, RedisStatus, RedisStore};
pub use self::stamp::{Inserted, Stamp};
pub use self::stored_identity::StoredIdentity;
use crate::coordination::Coordinator;
use crate::error::Error;
use crate::session::{Session, SessionId};

/// Keeps sessions under their ids, those of each login apart.
///
/// 1. A failure is an [`Error`] of kind [`Store`](crate::ErrorKind::Store) and never looks like an absent session.
/// 2. **Namespaces.** Several logins may use one store. A session belongs to the [`Namespace`] of the login that made
///    it; in every other namespace it is absent, and a revocation covers one namespace.
/// 3. A session that was removed stays removed: no later call brings it back.
/// 4. **Stamps.** A revocation also covers logins that are under way. The layer takes a [stamp](Self::stamp) before it
///    sends an authorization code, and [inserts](Self::insert) the session under it: a store keeps no session that was
///    revoked after the stamp. A revocation never waits for an exchange.
///
/// A store outside this process keeps the parts of a session and puts them together again with [`Session::new`],
/// [`Session::within`], [`Session::expiring_by`] and [`Session::used_at`].
pub trait SessionStore<I>: Clone + Send + Sync + 'static {
    /// Waits for a session that is not at hand.
    type Load: Future<Output = LoadResult<I>> + Send;

    /// Looks up a session of a namespace. A store in memory answers at once.
    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load>;

    /// Records that the [last use](Session::last_used) of a session has moved on, which happens at most once a minute.
    /// A store that rebuilds sessions from its records must write this down, in the background, and only if the session
    /// is still there. A store with a local cache drops a session from it that is not there any more.
    fn touched(&self, _session: &Arc<Session<I>>) {}

    /// Returns a stamp for an exchange that begins now: revocations that have returned are before it, and those that
    /// begin later are after it.
    ///
    /// # Errors
    /// If the store cannot be asked; then the authorization code is not sent.
    fn stamp(&self, namespace: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send;

    /// Keeps a new session in [its namespace](Session::namespace), in the place of the `former` one of this browser,
    /// which is removed in any case. Keeps nothing if a revocation after `since` covers it: of all sessions, of the
    /// subject, or of the former session. A former session that another login has replaced was not revoked.
    ///
    /// # Errors
    /// If the session may not have been kept, or the former one may still be there.
    fn insert(
        &self,
        session: Session<I>,
        former: Option<&SessionId>,
        since: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send;

    /// Revokes one session, and the login under way that would replace it. A session that is not there changes nothing
    /// that others see: any client can name one.
    ///
    /// # Errors
    /// If the session may still be there.
    fn remove(
        &self,
        namespace: &Namespace,
        id: &SessionId,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Revokes all sessions of one [subject](crate::identity::Identity::subject) in a namespace, and its logins under
    /// way.
    ///
    /// # Errors
    /// If some of them may still be there.
    fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Revokes all sessions of a namespace, and all logins under way.
    ///
    /// # Errors
    /// If some of them may still be there.
    fn remove_all(&self, namespace: &Namespace) -> impl Future<Output = Result<(), Error>> + Send;

    /// What the instances of a site share besides the sessions, if this store is shared by several. The login layer
    /// then needs a [secret](crate::login::LoginLayerBuilder::secret) that they share as well.
    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        None
    }
}

/// What a store knows of an id.
pub type LoadResult<I> = Result<Option<Arc<Session<I>>>, Error>;

/// The answer to [`SessionStore::load`]: now, or soon.
#[derive(Debug)]
#[non_exhaustive]
pub enum Lookup<I, F> {
    /// The answer itself.
    Ready(LoadResult<I>),
    /// The future that brings it.
    Pending(F),
}
