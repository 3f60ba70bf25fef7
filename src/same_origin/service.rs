use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use super::layer::Site;
use crate::body::ResponseBody;

/// Calls the wrapped service only for requests that no page of another origin has sent; see the
/// [module](super).
#[derive(Clone, Debug)]
pub struct SameOrigin<S> {
    inner: S,
    site: Arc<Site>,
}

impl<S> SameOrigin<S> {
    pub(super) fn new(inner: S, site: Arc<Site>) -> Self {
        Self { inner, site }
    }
}

impl<S, B, RB> Service<Request<B>> for SameOrigin<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (method, headers) = (request.method(), request.headers());
        if self.site.allows(method, headers) {
            ResponseFuture::inner(self.inner.call(request))
        } else {
            ResponseFuture::rejected(self.site.reject(method, headers))
        }
    }
}
