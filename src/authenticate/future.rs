use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::Authenticating;
use crate::body::ResponseBody;
use crate::response::{HandledBy, PageLinks, Pages, Rejection};
use crate::store::SessionStore;

/// Response future of [`Authenticate`](super::Authenticate).
#[pin_project]
pub struct ResponseFuture<S, B, I, St>(#[pin] Authenticating<S, B, I, St>)
where
    S: Service<Request<B>>,
    St: SessionStore<I>;

impl<S, B, I, St> ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    pub(super) fn new(authenticating: Authenticating<S, B, I, St>) -> Self {
        Self(authenticating)
    }
}

impl<S, B, RB, I, St> Future for ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>, Response = Response<RB>>,
    I: Send + Sync + 'static,
    St: SessionStore<I>,
{
    type Output = Result<Response<ResponseBody<RB>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(self.project().0.poll(cx))?;
        Poll::Ready(Ok(handle_rejection(
            outcome.and_then(Rejection::take_from::<I, _>),
        )))
    }
}

/// Returns the response of a layer without a login: that of the inner service, or the one that a
/// rejection becomes.
pub(crate) fn handle_rejection<RB>(
    outcome: Result<Response<RB>, Rejection>,
) -> Response<ResponseBody<RB>> {
    match outcome {
        Ok(response) => response.map(ResponseBody::inner),
        // A login layer further out can still start a login.
        Err(mut rejection) => {
            rejection.set_handled_by(HandledBy::AuthenticateLayer);
            let response = rejection.render(&Pages::default(), &PageLinks::default());
            rejection
                .replace_response(response)
                .map(ResponseBody::generated)
        }
    }
}

impl<S, B, I, St> fmt::Debug for ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("authenticate::ResponseFuture")
            .finish_non_exhaustive()
    }
}
