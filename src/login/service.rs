use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use tower_service::Service;

use super::future::{Asked, ResponseFuture};
use super::shared::{Endpoint, Shared, Visit};
use crate::authenticate::Authenticating;
use crate::body::ResponseBody;
use crate::guard::CacheControl;
use crate::provider::IdentityProvider;
use crate::request::RequestKind;
use crate::response::{OwnResponse, PageKind, speculative};
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

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let path = request.uri().path();
        match shared.settings.endpoint(path) {
            None if shared.resolver.guards.cover(path) => self.call_guarded(request, shared),
            None => {
                let path_length = path.len() as u16;
                let (not_ready, target) = shared.resolver.authenticate(&mut request);
                let future = match not_ready {
                    None => Authenticating::inner(self.inner.call(request)),
                    Some(not_ready) => shared.resolver.defer(not_ready, &mut self.inner, request),
                };
                ResponseFuture::passing(
                    future,
                    Asked {
                        target,
                        path_length,
                        cache_control: CacheControl::Unchanged,
                    },
                    shared,
                )
            }
            Some(endpoint) => {
                let (parts, _) = request.into_parts();
                let client = match endpoint {
                    Endpoint::Callback => {
                        shared.admission.client(&parts.headers, &parts.extensions)
                    }
                    Endpoint::Login | Endpoint::Logout => None,
                };
                let visit = Visit::new(parts, client);
                match endpoint {
                    Endpoint::Logout => ResponseFuture::own(shared.start_logout(visit)),
                    Endpoint::Login | Endpoint::Callback => {
                        ResponseFuture::own(shared.visit(endpoint, visit))
                    }
                }
            }
        }
    }
}

impl<S, P, St> Login<S, P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Passes on a request whose target a prefix guards. Outlined, so that other requests do not pay for it.
    #[cold]
    fn call_guarded<B, RB>(
        &mut self,
        mut request: Request<B>,
        shared: Arc<Shared<P, St>>,
    ) -> ResponseFuture<S, B, P, St>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone,
    {
        let path_length = request.uri().path().len() as u16;
        let cache_control = shared.resolver.guards.cache_control(&request);
        let (not_ready, target) = shared.resolver.authenticate(&mut request);
        let future = match not_ready {
            None => match shared.resolver.guards.verify(&request) {
                Ok(()) => Authenticating::inner(self.inner.call(request)),
                Err(rejection) => Authenticating::rejected(rejection),
            },
            Some(not_ready) => shared.resolver.defer(not_ready, &mut self.inner, request),
        };
        ResponseFuture::passing(
            future,
            Asked {
                target,
                path_length,
                cache_control,
            },
            shared,
        )
    }
}

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Answers a request to an endpoint of the layer.
    pub(super) async fn visit(self: Arc<Self>, endpoint: Endpoint, visit: Visit) -> OwnResponse {
        if RequestKind::of(&visit.method, &visit.headers) == RequestKind::Prefetch
            && endpoint != Endpoint::Logout
        {
            // Nothing begins, and no code is sent: the browser asks again if the person comes here.
            return speculative();
        }
        let answer = match (endpoint, &visit.method) {
            (Endpoint::Login, &Method::GET) => self.login(&visit).await,
            (Endpoint::Callback, &Method::GET) => self.callback(&visit).await,
            (Endpoint::Logout, &Method::POST) => self.logout(&visit).await,
            _ => Ok(self.page(
                visit.reader(),
                PageKind::MethodNotAllowed(endpoint.allow()),
                None,
            )),
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
        f.debug_struct("Login")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
