use std::sync::Arc;
use std::task::{Context, Poll};

use derive_where::derive_where;
use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use crate::authenticate::replace_session;
use crate::body::ResponseBody;
use crate::session::Session;

/// Service of [`AuthenticatedLayer`](super::AuthenticatedLayer).
#[derive_where(Clone; S)]
#[derive_where(Debug; S, I: std::fmt::Debug)]
pub struct AuthenticatedService<S, I> {
    inner: S,
    session: Option<Arc<Session<I>>>,
}

impl<S, I> AuthenticatedService<S, I> {
    pub(super) fn new(inner: S, session: Option<Arc<Session<I>>>) -> Self {
        Self { inner, session }
    }
}

impl<S, B, RB, I> Service<Request<B>> for AuthenticatedService<S, I>
where
    S: Service<Request<B>, Response = Response<RB>>,
    I: Send + Sync + 'static,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, I>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        replace_session(request.extensions_mut(), self.session.clone());
        ResponseFuture::new(self.inner.call(request))
    }
}
