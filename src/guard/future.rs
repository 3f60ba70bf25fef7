use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project::pin_project;

use super::cache_control::CacheControl;
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
    Inner {
        #[pin]
        future: F,
        cache_control: CacheControl,
    },
    /// The guard answers.
    Rejected(Option<Rejection>),
}

impl<F> ResponseFuture<F> {
    pub(super) fn inner(future: F, cache_control: CacheControl) -> Self {
        Self(Kind::Inner { future, cache_control })
    }

    pub(super) fn rejected(rejection: Rejection) -> Self {
        Self(Kind::Rejected(Some(rejection)))
    }
}

impl<F, RB, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<ResponseBody<RB>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().0.project() {
            KindProj::Inner { future, cache_control } => {
                let mut response = ready!(future.poll(cx))?;
                cache_control.apply(&mut response);
                Poll::Ready(Ok(response.map(ResponseBody::inner)))
            }
            KindProj::Rejected(rejection) => {
                let rejection = rejection.take().expect("polled after completion");
                Poll::Ready(Ok(rejection.into_response().map(ResponseBody::own)))
            }
        }
    }
}
