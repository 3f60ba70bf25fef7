//! Where sessions live.
//!
//! [`SessionStore`] is the contract; `MemoryStore` keeps sessions in this process, `RedisStore` (feature `redis`) for
//! several. A store never decides whether a session still counts: [`Session::is_live`] does, asked by the layer. With
//! the feature `sandbox`, the module `contract` has the tests that every store must pass; run them against one of your
//! own.

#[cfg(feature = "sandbox")]
pub mod contract;
mod either;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "redis")]
mod near;
#[cfg(feature = "redis")]
mod redis;
mod stored_identity;
#[cfg(feature = "memory")]
mod table;

use std::sync::Arc;

pub use self::either::{Either, EitherLoad};
#[cfg(feature = "memory")]
pub use self::memory::{MemoryStore, MemoryStoreBuilder};
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisBuilder, RedisLoad, RedisStatus, RedisStore};
pub use self::stored_identity::StoredIdentity;
use crate::error::Error;
use crate::fleet::Fleet;
use crate::session::{Session, SessionId};

/// Keeps sessions under their ids.
///
/// A failure is an [`Error`] of kind [`Store`](crate::ErrorKind::Store) and never looks like an absent
/// session. What was removed stays removed: no later call brings it back. A store outside this process keeps the
/// parts of a session and puts them together again with [`Session::begin`], [`Session::ending_by`] and
/// [`Session::used_at`].
pub trait SessionStore<I>: Clone + Send + Sync + 'static {
    /// Waits for a session that is not at hand.
    type Load: Future<Output = LoadResult<I>> + Send;

    /// Looks a session up. A store in memory answers at once.
    fn load(&self, id: &SessionId) -> Lookup<I, Self::Load>;

    /// The [last use](Session::last_used) of a session has moved on, which happens at most once a minute. A store
    /// that rebuilds sessions from what it has written must write this down, in the background, and only if the
    /// session is still there.
    fn touched(&self, _session: &Arc<Session<I>>) {}

    /// Keeps a new session.
    ///
    /// # Errors
    /// If the session may not have been kept.
    fn insert(&self, session: Session<I>) -> impl Future<Output = Result<(), Error>> + Send;

    /// Ends one session.
    ///
    /// # Errors
    /// If the session may still be there.
    fn remove(&self, id: &SessionId) -> impl Future<Output = Result<(), Error>> + Send;

    /// Ends all sessions of one [subject](crate::identity::Identity::subject).
    ///
    /// # Errors
    /// If some of them may still be there.
    fn remove_subject(&self, subject: &str) -> impl Future<Output = Result<(), Error>> + Send;

    /// Ends all sessions.
    ///
    /// # Errors
    /// If some of them may still be there.
    fn remove_all(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// What the instances of a site share besides the sessions, if this store is shared by several. The login layer
    /// then needs a [secret](crate::login::LoginLayerBuilder::secret) that they share as well.
    fn fleet(&self) -> Option<Arc<dyn Fleet>> {
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
