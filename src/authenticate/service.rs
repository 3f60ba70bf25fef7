use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::uri::PathAndQuery;
use http::{Method, Request, Response};
use tower_service::Service;

use super::{Resolver, Resolving, ResponseFuture};
use crate::answer::Rejection;
use crate::body::ResponseBody;
use crate::identity::Identity;
use crate::session::Authenticated;
use crate::store::{Lookup, SessionStore};

/// Puts the live session of a request into its extensions; see the [module](super).
pub struct Authenticate<S, I, St> {
    inner: S,
    resolver: Arc<Resolver<I, St>>,
}

impl<S, I, St> Authenticate<S, I, St> {
    pub(crate) fn new(inner: S, resolver: Arc<Resolver<I, St>>) -> Self {
        Self { inner, resolver }
    }
}

impl<I, St> Resolver<I, St>
where
    I: Identity,
    St: SessionStore<I>,
{
    /// Begins to answer through `inner`. The second value is the target of a `GET` of somebody who is not known,
    /// or not [complete](Identity::is_complete): where a login would have to lead back to. It is copied only then,
    /// because it is not free.
    pub(crate) fn begin<S, B, RB>(
        self: &Arc<Self>,
        inner: &mut S,
        mut request: Request<B>,
    ) -> (Resolving<S, B, I, St>, Option<PathAndQuery>)
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone,
    {
        request.extensions_mut().remove::<Authenticated<I>>();
        match self.lookup(request.headers()) {
            Lookup::Ready(Ok(Some(session))) => {
                let target = if session.identity().is_complete() { None } else { target(&request) };
                request.extensions_mut().insert(Authenticated::new(session));
                (Resolving::inner(inner.call(request)), target)
            }
            Lookup::Ready(Ok(None)) => {
                let target = target(&request);
                (Resolving::inner(inner.call(request)), target)
            }
            Lookup::Ready(Err(error)) => {
                let rejection = Rejection::unavailable::<I>(error, request.method(), request.headers());
                (Resolving::refused(rejection), None)
            }
            Lookup::Pending(load) => {
                let target = target(&request);
                // Only the service that was polled ready may be called: it goes into the future, its clone
                // stays here.
                let clone = inner.clone();
                let ready = mem::replace(inner, clone);
                (Resolving::loading(load, Arc::clone(self), request, ready), target)
            }
        }
    }
}

fn target<B>(request: &Request<B>) -> Option<PathAndQuery> {
    if *request.method() == Method::GET { request.uri().path_and_query().cloned() } else { None }
}

impl<S, B, RB, I, St> Service<Request<B>> for Authenticate<S, I, St>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
    I: Identity,
    St: SessionStore<I>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, I, St>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ResponseFuture::new(self.resolver.begin(&mut self.inner, request).0)
    }
}

impl<S: Clone, I, St> Clone for Authenticate<S, I, St> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), resolver: Arc::clone(&self.resolver) }
    }
}

impl<S: fmt::Debug, I, St> fmt::Debug for Authenticate<S, I, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate").field("inner", &self.inner).finish_non_exhaustive()
    }
}
