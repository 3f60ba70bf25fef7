//! One of two stores.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project::pin_project;

use super::{Inserted, LoadResult, Lookup, Namespace, SessionStore, Stamp};
use crate::coordination::Coordinator;
use crate::error::Error;
use crate::session::{Session, SessionId};

/// One of two stores, where it is decided at run time which.
///
/// ```no_run
/// use tower_weika::identity::Manager;
/// use tower_weika::store::{Either, MemoryStore, RedisStore};
///
/// # async fn store() -> Result<Either<RedisStore<Manager>, MemoryStore<Manager>>, tower_weika::Error> {
/// let store = match std::env::var("REDIS_URL") {
///     Ok(url) => Either::Left(RedisStore::connect(url).await?),
///     Err(_) => Either::Right(MemoryStore::new()),
/// };
/// # Ok(store)
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no third of two")]
pub enum Either<A, B> {
    /// The one.
    Left(A),
    /// The other.
    Right(B),
}

/// Waits for a session of one of two stores.
#[pin_project(project = LoadProj)]
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
#[expect(clippy::exhaustive_enums, reason = "there is no third of two")]
pub enum EitherLoad<A, B> {
    /// From the one.
    Left(#[pin] A),
    /// From the other.
    Right(#[pin] B),
}

impl<A, B, I> Future for EitherLoad<A, B>
where
    A: Future<Output = LoadResult<I>>,
    B: Future<Output = LoadResult<I>>,
{
    type Output = LoadResult<I>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<LoadResult<I>> {
        match self.project() {
            LoadProj::Left(load) => load.poll(cx),
            LoadProj::Right(load) => load.poll(cx),
        }
    }
}

impl<I, A, B> SessionStore<I> for Either<A, B>
where
    I: Send + Sync + 'static,
    A: SessionStore<I>,
    B: SessionStore<I>,
{
    type Load = EitherLoad<A::Load, B::Load>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        match self {
            Self::Left(store) => match store.load(namespace, id) {
                Lookup::Ready(found) => Lookup::Ready(found),
                Lookup::Pending(load) => Lookup::Pending(EitherLoad::Left(load)),
            },
            Self::Right(store) => match store.load(namespace, id) {
                Lookup::Ready(found) => Lookup::Ready(found),
                Lookup::Pending(load) => Lookup::Pending(EitherLoad::Right(load)),
            },
        }
    }

    fn touched(&self, session: &Arc<Session<I>>) {
        match self {
            Self::Left(store) => store.touched(session),
            Self::Right(store) => store.touched(session),
        }
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        match self {
            Self::Left(store) => store.stamp(namespace).await,
            Self::Right(store) => store.stamp(namespace).await,
        }
    }

    async fn insert(
        &self,
        session: Session<I>,
        former: Option<&SessionId>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        match self {
            Self::Left(store) => store.insert(session, former, since).await,
            Self::Right(store) => store.insert(session, former, since).await,
        }
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<(), Error> {
        match self {
            Self::Left(store) => store.remove(namespace, id).await,
            Self::Right(store) => store.remove(namespace, id).await,
        }
    }

    async fn remove_subject(&self, namespace: &Namespace, subject: &str) -> Result<(), Error> {
        match self {
            Self::Left(store) => store.remove_subject(namespace, subject).await,
            Self::Right(store) => store.remove_subject(namespace, subject).await,
        }
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        match self {
            Self::Left(store) => store.remove_all(namespace).await,
            Self::Right(store) => store.remove_all(namespace).await,
        }
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        match self {
            Self::Left(store) => store.coordinator(),
            Self::Right(store) => store.coordinator(),
        }
    }
}
