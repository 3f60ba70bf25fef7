use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project::pin_project;

use crate::authenticate::handle_rejection;
use crate::body::ResponseBody;
use crate::response::Rejection;

/// Response future of [`AuthenticatedService`](super::AuthenticatedService).
#[pin_project]
pub struct ResponseFuture<F, I> {
    #[pin]
    inner: F,
    identity: PhantomData<fn() -> I>,
}

impl<F, I> ResponseFuture<F, I> {
    pub(super) fn new(inner: F) -> Self {
        Self {
            inner,
            identity: PhantomData,
        }
    }
}

impl<F, RB, E, I> Future for ResponseFuture<F, I>
where
    F: Future<Output = Result<Response<RB>, E>>,
    I: 'static,
{
    type Output = Result<Response<ResponseBody<RB>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.project().inner.poll(cx))?;
        let outcome = Rejection::take_from::<I, _>(response);
        Poll::Ready(Ok(handle_rejection(outcome)))
    }
}

impl<F, I> fmt::Debug for ResponseFuture<F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("testing::ResponseFuture")
            .finish_non_exhaustive()
    }
}
