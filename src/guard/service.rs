use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use super::prefix::Prefixes;
use super::requirement::Requirement;
use crate::answer::Rejection;
use crate::body::ResponseBody;
use crate::session::Authenticated;

/// Calls the wrapped service only for those who meet a requirement; see the [module](super).
pub struct Guard<S, I, R> {
    inner: S,
    requirement: Arc<R>,
    prefixes: Prefixes,
    identity: PhantomData<fn(I)>,
}

impl<S, I, R> Guard<S, I, R> {
    pub(super) fn new(inner: S, requirement: Arc<R>, prefixes: Prefixes) -> Self {
        Self { inner, requirement, prefixes, identity: PhantomData }
    }
}

impl<S, I: Send + Sync + 'static, R: Requirement<I>> Guard<S, I, R> {
    fn verify<B>(&self, request: &Request<B>) -> Result<(), Rejection> {
        if !self.prefixes.cover(request.uri().path()) {
            return Ok(());
        }
        match request.extensions().get::<Authenticated<I>>() {
            Some(somebody) if self.requirement.is_met_by(somebody.identity()) => Ok(()),
            Some(_) => Err(match self.requirement.bind_page() {
                None => Rejection::forbidden::<I>(request.method(), request.headers()),
                Some(page) => Rejection::unbound::<I>(page, request.method(), request.headers()),
            }),
            None => Err(Rejection::login_required::<I>(request.method(), request.headers())),
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.verify(&request) {
            Ok(()) => ResponseFuture::inner(self.inner.call(request)),
            Err(rejection) => ResponseFuture::refused(rejection),
        }
    }
}

impl<S: Clone, I, R> Clone for Guard<S, I, R> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.requirement), self.prefixes.clone())
    }
}

impl<S: fmt::Debug, I, R> fmt::Debug for Guard<S, I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("inner", &self.inner).field("prefixes", &self.prefixes).finish_non_exhaustive()
    }
}
