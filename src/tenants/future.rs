use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower::util::Oneshot;
use tower_service::Service;

use crate::body::ResponseBody;
use crate::response::misdirected;

/// Response future of [`ChooseTenant`](super::ChooseTenant).
#[pin_project]
pub struct ResponseFuture<S: Service<Request<B>>, B>(#[pin] Kind<S, B>);

#[pin_project(project = KindProj)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is that of ordinary requests, which are not to be boxed"
)]
enum Kind<S: Service<Request<B>>, B> {
    /// The layers of the tenant, around the application.
    Tenant(#[pin] Oneshot<S, Request<B>>),
    /// The request is for no tenant.
    Misdirected,
}

impl<S: Service<Request<B>>, B> ResponseFuture<S, B> {
    pub(super) fn of_tenant(service: S, request: Request<B>) -> Self {
        Self(Kind::Tenant(Oneshot::new(service, request)))
    }

    pub(super) fn misdirected() -> Self {
        Self(Kind::Misdirected)
    }
}

impl<S, B, RB> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Output = Result<Response<ResponseBody<RB>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project().0.project() {
            KindProj::Tenant(future) => {
                ready!(future.poll(cx)).map(|response| response.map(ResponseBody::inner))
            }
            KindProj::Misdirected => Ok(misdirected().map(ResponseBody::generated)),
        })
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("tenants::ResponseFuture")
            .finish_non_exhaustive()
    }
}
