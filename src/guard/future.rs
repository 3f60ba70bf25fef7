use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project::pin_project;

use crate::answer::Rejection;
use crate::body::ResponseBody;

/// Response future of [`Guard`](super::Guard).
#[pin_project]
#[derive(Debug)]
pub struct ResponseFuture<F>(#[pin] Kind<F>);

#[pin_project(project = KindProj)]
#[derive(Debug)]
enum Kind<F> {
    /// The wrapped service answers.
    Inner(#[pin] F),
    /// The guard answers.
    Refused(Option<Rejection>),
}

impl<F> ResponseFuture<F> {
    pub(super) fn inner(future: F) -> Self {
        Self(Kind::Inner(future))
    }

    pub(super) fn refused(rejection: Rejection) -> Self {
        Self(Kind::Refused(Some(rejection)))
    }
}

impl<F, RB, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<ResponseBody<RB>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().0.project() {
            KindProj::Inner(future) => {
                Poll::Ready(ready!(future.poll(cx)).map(|response| response.map(ResponseBody::inner)))
            }
            KindProj::Refused(rejection) => {
                let rejection = rejection.take().expect("polled after completion");
                Poll::Ready(Ok(rejection.into_response().map(ResponseBody::own)))
            }
        }
    }
}
