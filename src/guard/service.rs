use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use super::authorize::authorize;
use super::cache_control::CacheControl;
use super::requirement::Requirement;
use crate::body::ResponseBody;

/// Calls the wrapped service only if the identity satisfies a requirement; see the [module](super).
pub struct Guard<S, I, R> {
    inner: S,
    requirement: Arc<R>,
    adds_cache_control: bool,
    identity: PhantomData<fn(I)>,
}

impl<S, I, R> Guard<S, I, R> {
    pub(super) fn new(inner: S, requirement: Arc<R>, adds_cache_control: bool) -> Self {
        Self {
            inner,
            requirement,
            adds_cache_control,
            identity: PhantomData,
        }
    }
}

impl<S, B, RB, I, R> Service<Request<B>> for Guard<S, I, R>
where
    S: Service<Request<B>, Response = Response<RB>>,
    I: Send + Sync + 'static,
    R: Requirement<I>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        if let Err(rejection) = authorize(&*self.requirement, &request) {
            return ResponseFuture::rejected(rejection);
        }
        let cache_control = if self.adds_cache_control {
            CacheControl::of(request.method(), request.headers())
        } else {
            CacheControl::Unchanged
        };
        ResponseFuture::inner(self.inner.call(request), cache_control)
    }
}

impl<S: Clone, I, R> Clone for Guard<S, I, R> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            Arc::clone(&self.requirement),
            self.adds_cache_control,
        )
    }
}

impl<S: fmt::Debug, I, R> fmt::Debug for Guard<S, I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
