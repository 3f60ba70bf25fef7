use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project::pin_project;

use crate::body::ResponseBody;
use crate::response::GeneratedResponse;

/// Response future of [`SameOrigin`](super::SameOrigin).
#[pin_project]
#[derive(Debug)]
pub struct ResponseFuture<F> {
    #[pin]
    kind: Kind<F>,
}

#[pin_project(project = KindProj)]
#[derive(Debug)]
enum Kind<F> {
    /// The wrapped service responds.
    Inner(#[pin] F),
    /// A page of another origin sent the request.
    Rejected(Option<GeneratedResponse>),
}

impl<F> ResponseFuture<F> {
    pub(super) fn inner(future: F) -> Self {
        let kind = Kind::Inner(future);
        Self { kind }
    }

    pub(super) fn rejected(response: GeneratedResponse) -> Self {
        let kind = Kind::Rejected(Some(response));
        Self { kind }
    }
}

impl<F, RB, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<ResponseBody<RB>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Inner(future) => future
                .poll(cx)
                .map_ok(|response| response.map(ResponseBody::inner)),
            KindProj::Rejected(response) => {
                let response = response.take().expect("polled after completion");
                Poll::Ready(Ok(response.map(ResponseBody::generated)))
            }
        }
    }
}
