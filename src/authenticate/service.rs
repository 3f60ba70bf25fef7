use std::sync::Arc;
use std::task::{Context, Poll};

use derive_where::derive_where;
use http::{Request, Response};
use tower_service::Service;

use super::{Authenticating, LoginSessions, ResponseFuture};
use crate::body::ResponseBody;
use crate::identity::Identity;
use crate::store::SessionStore;

/// Service that inserts the live session of a request into its extensions; see the [module](super).
#[derive_where(Clone, Debug; S)]
pub struct Authenticate<S, I, St> {
    inner: S,
    #[derive_where(skip(Debug))]
    sessions: Arc<LoginSessions<I, St>>,
}

impl<S, I, St> Authenticate<S, I, St> {
    pub(crate) fn new(inner: S, sessions: Arc<LoginSessions<I, St>>) -> Self {
        Self { inner, sessions }
    }
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        ResponseFuture::new(match self.sessions.authenticate(&mut request).0 {
            None => Authenticating::inner(self.inner.call(request)),
            Some(not_ready) => self.sessions.defer(not_ready, &mut self.inner, request),
        })
    }
}
