use std::any::type_name;
use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use derive_where::derive_where;
use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use super::layer::Condition;
use crate::body::ResponseBody;
use crate::error::BoxError;
use crate::guard::CacheControl;
use crate::guard::authorize::unauthenticated;
use crate::session::Authenticated;

/// Requires that an asynchronous check returns `Ok(true)`; see
/// [`GuardLayer::check`](crate::guard::GuardLayer::check).
#[derive_where(Clone, Debug; S)]
pub struct Check<S, I, F> {
    inner: S,
    #[derive_where(skip(Debug))]
    condition: Arc<Condition<F>>,
    adds_cache_control: bool,
    identity: PhantomData<fn(I)>,
}

impl<S, I, F> Check<S, I, F> {
    pub(super) fn new(inner: S, condition: Arc<Condition<F>>, adds_cache_control: bool) -> Self {
        Self {
            inner,
            condition,
            adds_cache_control,
            identity: PhantomData,
        }
    }
}

impl<S, B, RB, I, F, Fut, E> Service<Request<B>> for Check<S, I, F>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
    I: Send + Sync + 'static,
    F: Fn(Authenticated<I>) -> Fut,
    Fut: Future<Output = Result<bool, E>>,
    E: Into<BoxError>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, I, F, Fut>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(authenticated) = request.extensions().get::<Authenticated<I>>() else {
            let rejection = unauthenticated::<I, B>(type_name::<F>(), &request);
            return ResponseFuture::rejected(rejection);
        };
        let cache_control = if self.adds_cache_control {
            CacheControl::of(request.method(), request.headers())
        } else {
            CacheControl::Unchanged
        };
        let check = (self.condition.check)(authenticated.clone());
        // Only the service that was polled ready may be called: the future takes it, and its clone
        // stays here.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        let condition = Arc::clone(&self.condition);
        ResponseFuture::checking(check, request, ready, condition, cache_control)
    }
}
