use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project::pin_project;

use super::cache_control::CacheControl;
use crate::body::ResponseBody;
use crate::response::Rejection;

/// Response future of [`Guard`](super::Guard).
#[pin_project]
#[derive(Debug)]
pub struct ResponseFuture<F> {
    #[pin]
    kind: Kind<F>,
    /// Beside the kind, which then has no tag of its own: that saves copies.
    cache_control: CacheControl,
}

#[pin_project(project = KindProj)]
#[derive(Debug)]
enum Kind<F> {
    /// The wrapped service responds.
    Inner(#[pin] F),
    /// The guard rejects the request.
    Rejected(Option<Rejection>),
}

impl<F> ResponseFuture<F> {
    #[inline]
    pub(super) fn inner(future: F, cache_control: CacheControl) -> Self {
        Self {
            kind: Kind::Inner(future),
            cache_control,
        }
    }

    pub(super) fn rejected(rejection: Rejection) -> Self {
        Self {
            kind: Kind::Rejected(Some(rejection)),
            cache_control: CacheControl::Unchanged,
        }
    }
}

impl<F, RB, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<ResponseBody<RB>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.kind.project() {
            KindProj::Inner(future) => {
                let mut output = future
                    .poll(cx)
                    .map_ok(|response| response.map(ResponseBody::inner));
                // In place, where it is returned from: each move copies a response.
                if let Poll::Ready(Ok(response)) = &mut output {
                    this.cache_control.apply(response);
                }
                output
            }
            KindProj::Rejected(rejection) => {
                let rejection = rejection.take().expect("polled after completion");
                Poll::Ready(Ok(rejection.into_response().map(ResponseBody::generated)))
            }
        }
    }
}
