use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use tower_service::Service;

use super::future::{Asked, ResponseFuture};
use super::shared::{Endpoint, Shared, Visit};
use crate::answer::{OwnResponse, PageKind, RequestKind, speculative};
use crate::authenticate::Resolving;
use crate::body::ResponseBody;
use crate::guard::CacheControl;
use crate::provider::IdentityProvider;
use crate::store::SessionStore;

/// Answers the endpoints of a login, and authenticates everything else; see the [module](super).
pub struct Login<S, P: IdentityProvider, St> {
    inner: S,
    // The only counter that a clone touches: servers clone the service for every request.
    shared: Arc<Shared<P, St>>,
}

impl<S, P: IdentityProvider, St> Login<S, P, St> {
    pub(super) fn new(inner: S, shared: Arc<Shared<P, St>>) -> Self {
        Self { inner, shared }
    }
}

impl<S, B, RB, P, St> Service<Request<B>> for Login<S, P, St>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, P, St>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        match shared.settings.endpoint(request.uri().path()) {
            None => {
                let path_length = request.uri().path().len();
                let (halt, target) = shared.resolver.identify(&mut request);
                let guards = Some(&shared.guards).filter(|guards| guards.cover(request.uri().path()));
                let cache_control =
                    guards.map_or(CacheControl::Unchanged, |_| CacheControl::of(request.method(), request.headers()));
                let future = match (halt, guards) {
                    (None, None) => Resolving::inner(self.inner.call(request)),
                    (None, Some(guards)) => match guards.verify(&request) {
                        Ok(()) => Resolving::inner(self.inner.call(request)),
                        Err(rejection) => Resolving::rejected(rejection),
                    },
                    (Some(halt), guards) => shared.resolver.halt(halt, guards.cloned(), &mut self.inner, request),
                };
                ResponseFuture::passing(future, Asked { target, path_length, cache_control }, shared)
            }
            Some(endpoint) => {
                let (parts, _) = request.into_parts();
                let query = parts.uri.query().map(str::to_owned);
                let visit = Visit { method: parts.method, query, headers: parts.headers };
                ResponseFuture::own(shared.visit(endpoint, visit))
            }
        }
    }
}

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Answers a request to an endpoint of the layer.
    async fn visit(self: Arc<Self>, endpoint: Endpoint, visit: Visit) -> OwnResponse {
        if RequestKind::of(&visit.method, &visit.headers) == RequestKind::Prefetch && endpoint != Endpoint::Logout {
            // Nothing begins, and no code is sent: the browser asks again if the person comes here.
            return speculative();
        }
        let answer = match (endpoint, &visit.method) {
            (Endpoint::Login, &Method::GET) => self.login(&visit).await,
            (Endpoint::Callback, &Method::GET) => self.callback(&visit).await,
            (Endpoint::Logout, &Method::POST) => self.logout(&visit).await,
            _ => Ok(self.page(visit.reader(), PageKind::MethodNotAllowed(endpoint.allow()), None)),
        };
        answer.unwrap_or_else(|error| self.broken(visit.reader(), error))
    }
}

impl<S: Clone, P: IdentityProvider, St> Clone for Login<S, P, St> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.shared))
    }
}

impl<S: fmt::Debug, P: IdentityProvider, St> fmt::Debug for Login<S, P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("inner", &self.inner).finish_non_exhaustive()
    }
}
