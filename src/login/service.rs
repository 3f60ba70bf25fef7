use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Method, Request, Response};
use tower_service::Service;

use super::endpoint_request::EndpointRequest;
use super::endpoints::Endpoint;
use super::forwarded_request::ForwardedRequest;
use super::future::{Responding, ResponseFuture};
use super::inner::Inner;
use crate::authenticate::Authenticating;
use crate::body::ResponseBody;
use crate::guard::CacheControl;
use crate::provider::IdentityProvider;
use crate::request::tenant::Tenant;
use crate::request::{RequestKind, full_uri};
use crate::response::{GeneratedResponse, PageKind, misdirected, prefetch_unavailable};
use crate::store::SessionStore;

/// Middleware that responds to the endpoints of a login and authenticates all other requests; see
/// the [module](super).
pub struct Login<S, P: IdentityProvider, St> {
    inner: S,
    // The only counter that a clone touches: servers clone the service for every request.
    login: Arc<Inner<P, St>>,
}

impl<S, P: IdentityProvider, St> Login<S, P, St> {
    pub(super) fn new(inner: S, login: Arc<Inner<P, St>>) -> Self {
        Self { inner, login }
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
        let login = Arc::clone(&self.login);
        let path = request.uri().path();
        match login.endpoints.at(path) {
            None if login.sessions.guards.cover(path) => self.call_guarded(request, login),
            None => {
                let path_length = path.len() as u16;
                let (not_ready, target) = login.sessions.authenticate(&mut request);
                let future = match not_ready {
                    None => Authenticating::inner(self.inner.call(request)),
                    Some(not_ready) => login.sessions.defer(not_ready, &mut self.inner, request),
                };
                let forwarded = ForwardedRequest {
                    target,
                    path_length,
                    cache_control: CacheControl::Unchanged,
                };
                ResponseFuture::forwarded(future, forwarded, login)
            }
            Some(endpoint) => {
                ResponseFuture::generated(login.start(endpoint, request.into_parts().0))
            }
        }
    }
}

impl<S, P, St> Login<S, P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Forwards a request whose target a prefix guards. Outlined, so that the common case can be
    /// inlined.
    #[cold]
    fn call_guarded<B, RB>(
        &mut self,
        mut request: Request<B>,
        login: Arc<Inner<P, St>>,
    ) -> ResponseFuture<S, B, P, St>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone,
    {
        let path_length = request.uri().path().len() as u16;
        let cache_control = login.sessions.guards.cache_control(&request);
        let (not_ready, target) = login.sessions.authenticate(&mut request);
        let future = match not_ready {
            None => match login.sessions.guards.authorize(&request) {
                Ok(()) => Authenticating::inner(self.inner.call(request)),
                Err(rejection) => Authenticating::rejected(rejection),
            },
            Some(not_ready) => login.sessions.defer(not_ready, &mut self.inner, request),
        };
        let forwarded = ForwardedRequest {
            target,
            path_length,
            cache_control,
        };
        ResponseFuture::forwarded(future, forwarded, login)
    }
}

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Returns the future of the response to a request to an endpoint of the layer.
    pub(super) fn start(self: Arc<Self>, endpoint: Endpoint, parts: Parts) -> Responding {
        if let Some(tenant) = parts.extensions.get::<Tenant>()
            && tenant.origin() != self.endpoints.origin
        {
            self.report_other_tenant(tenant);
            return Box::pin(async { misdirected() });
        }
        match endpoint {
            Endpoint::Callback => self.placement.callback_arrived(),
            Endpoint::Login => {
                let full_path = full_uri(&parts.uri, &parts.extensions).path();
                self.observe_nest(full_path, parts.uri.path().len());
            }
            Endpoint::Logout => {}
        }
        let request = EndpointRequest::new(parts, endpoint);
        match endpoint {
            Endpoint::Logout => Box::pin(self.start_logout(request)),
            Endpoint::Login | Endpoint::Callback => Box::pin(self.respond(endpoint, request)),
        }
    }

    /// Responds to a request to an endpoint of the layer.
    pub(super) async fn respond(
        self: Arc<Self>,
        endpoint: Endpoint,
        mut request: EndpointRequest,
    ) -> GeneratedResponse {
        let kind = RequestKind::of(&request.method, &request.headers);
        if kind == RequestKind::Prefetch && endpoint != Endpoint::Logout {
            // No login begins, and no code is sent: the browser repeats the request if the user
            // comes here.
            return prefetch_unavailable();
        }
        let method = request.method.clone();
        let response = match (endpoint, &method) {
            (Endpoint::Login, &Method::GET) => self.login(&request).await,
            (Endpoint::Callback, &Method::GET) => {
                let extensions = mem::take(&mut request.extensions);
                self.callback(&request, extensions).await
            }
            (Endpoint::Logout, &Method::POST) => {
                let extensions = mem::take(&mut request.extensions);
                self.logout(&request, extensions).await
            }
            _ => {
                let kind = PageKind::MethodNotAllowed(endpoint.method());
                Ok(self.page(request.facts(), kind, None))
            }
        };
        response.unwrap_or_else(|error| self.failure(request.facts(), error))
    }
}

impl<S: Clone, P: IdentityProvider, St> Clone for Login<S, P, St> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.login))
    }
}

impl<S: fmt::Debug, P: IdentityProvider, St> fmt::Debug for Login<S, P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
