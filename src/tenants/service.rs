use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use derive_where::derive_where;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseFuture;
use super::table::Table;
use crate::body::ResponseBody;

/// Middleware that chooses the login of a request by its host; see the [module](super).
#[derive_where(Clone; S)]
pub struct ChooseTenant<S, L> {
    inner: S,
    table: Arc<ArcSwap<Table<L>>>,
}

impl<S, L> ChooseTenant<S, L> {
    pub(super) fn new(inner: S, table: Arc<ArcSwap<Table<L>>>) -> Self {
        Self { inner, table }
    }
}

impl<S, B, RB, L> Service<Request<B>> for ChooseTenant<S, L>
where
    S: Service<Request<B>> + Clone,
    L: Layer<S>,
    L::Service: Service<Request<B>, Response = Response<RB>, Error = S::Error>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<L::Service, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let table = self.table.load();
        let Some((tenant, layer)) = table.find(&request) else {
            return ResponseFuture::misdirected();
        };
        request.extensions_mut().insert(tenant.clone());
        // Only the service that was polled ready may be called: it goes into the tenant's layer,
        // its clone stays here.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        ResponseFuture::of_tenant(layer.layer(ready), request)
    }
}

impl<S: fmt::Debug, L> fmt::Debug for ChooseTenant<S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChooseTenant")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
