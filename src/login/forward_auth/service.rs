use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use derive_where::derive_where;
use http::{Request, Response};
use http_body_util::Full;
use tower_service::Service;

use super::{ResponseFuture, Settings};
use crate::provider::IdentityProvider;
use crate::store::{Lookup, SessionStore};

/// Service for nginx `auth_request`; see
/// [`LoginLayer::forward_auth`](crate::login::LoginLayer::forward_auth). Clones are cheap.
#[derive_where(Clone)]
pub struct ForwardAuth<P: IdentityProvider, St> {
    settings: Arc<Settings<P, St>>,
}

impl<P: IdentityProvider, St> ForwardAuth<P, St> {
    pub(super) fn new(settings: Settings<P, St>) -> Self {
        Self {
            settings: Arc::new(settings),
        }
    }
}

impl<B, P, St> Service<Request<B>> for ForwardAuth<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture<P, St>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (request, _) = request.into_parts();
        match self.settings.login.unguarded.lookup(&request.headers) {
            Lookup::Ready(found) => ResponseFuture::ready(self.settings.respond(found, &request)),
            Lookup::Pending(load) => {
                ResponseFuture::loading(load, request, Arc::clone(&self.settings))
            }
        }
    }
}

impl<P: IdentityProvider, St> fmt::Debug for ForwardAuth<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardAuth")
            .field("identity_headers", &self.settings.identity_headers)
            .finish_non_exhaustive()
    }
}
