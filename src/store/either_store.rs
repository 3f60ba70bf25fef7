//! One of two stores.

use std::pin::Pin;
use std::sync::Arc;

use super::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp};
use crate::coordination::Coordinator;
use crate::error::Error;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};

/// One of two stores, chosen at run time.
///
/// ```no_run
/// use tower_weika::identity::Manager;
/// use tower_weika::store::{EitherStore, MemoryStore, RedisStore};
///
/// # async fn store() -> Result<EitherStore<RedisStore<Manager>, MemoryStore<Manager>>, tower_weika::Error> {
/// let store = match std::env::var("REDIS_URL") {
///     Ok(url) => EitherStore::Left(RedisStore::connect(url).await?),
///     Err(_) => EitherStore::Right(MemoryStore::new()),
/// };
/// # Ok(store)
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "two stores are two variants")]
pub enum EitherStore<A, B> {
    /// The first store.
    Left(A),
    /// The second store.
    Right(B),
}

/// Calls a method of the store that was chosen.
macro_rules! call {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Self::Left($store) => $call,
            Self::Right($store) => $call,
        }
    };
}

impl<I, A, B> SessionStore<I> for EitherStore<A, B>
where
    I: Send + Sync + 'static,
    A: SessionStore<I>,
    B: SessionStore<I>,
{
    // Boxed: a store that is not ready waits for the network.
    type Load = Pin<Box<dyn Future<Output = LoadResult<I>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        call!(self, store => match store.load(namespace, id) {
            Lookup::Ready(found) => Lookup::Ready(found),
            Lookup::Pending(load) => Lookup::Pending(Box::pin(load)),
        })
    }

    fn touch(&self, session: &Arc<Session<I>>) {
        call!(self, store => store.touch(session));
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        call!(self, store => store.stamp(namespace).await)
    }

    async fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        call!(self, store => store.insert(session, previous, since).await)
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        call!(self, store => store.remove(namespace, id).await)
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        call!(self, store => store.remove_of(namespace, subject, session).await)
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        call!(self, store => store.remove_subject(namespace, subject, kept).await)
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        call!(self, store => store.remove_all(namespace).await)
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        call!(self, store => store.sessions_of(namespace, subject).await)
    }

    fn secret(&self) -> Option<Vec<u8>> {
        call!(self, store => store.secret())
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        call!(self, store => store.coordinator())
    }
}
