//! A session that Redis is asked for.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::store::LoadResult;

/// Waits for a session from Redis.
///
/// It is boxed: the way to Redis costs a thousand times more. Sessions that are near need none.
#[must_use = "futures do nothing unless polled"]
pub struct RedisLoad<I>(Pin<Box<dyn Future<Output = LoadResult<I>> + Send>>);

impl<I> RedisLoad<I> {
    pub(super) fn new(load: impl Future<Output = LoadResult<I>> + Send + 'static) -> Self {
        Self(Box::pin(load))
    }
}

impl<I> Future for RedisLoad<I> {
    type Output = LoadResult<I>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<I> fmt::Debug for RedisLoad<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLoad").finish_non_exhaustive()
    }
}
