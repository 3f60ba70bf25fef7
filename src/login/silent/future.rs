use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use crate::body::ResponseBody;
use crate::response::GeneratedResponse;

/// Response future of [`SilentLogin`](super::SilentLogin).
#[pin_project]
pub struct ResponseFuture<S: Service<Request<B>>, B>(#[pin] Kind<S, B>);

#[pin_project(project = KindProj)]
enum Kind<S: Service<Request<B>>, B> {
    /// A login begins. If it fails, the request and the ready service wait here. Boxed, as this happens once per visit.
    Deciding(Box<Deciding<S, B>>),
    /// The request was forwarded.
    Inner(#[pin] S::Future),
}

struct Deciding<S, B> {
    login: Pin<Box<dyn Future<Output = Option<GeneratedResponse>> + Send>>,
    waiting: Option<(Request<B>, S)>,
}

impl<S: Service<Request<B>>, B> ResponseFuture<S, B> {
    pub(super) fn inner(future: S::Future) -> Self {
        Self(Kind::Inner(future))
    }

    pub(super) fn deciding(
        login: impl Future<Output = Option<GeneratedResponse>> + Send + 'static,
        request: Request<B>,
        ready: S,
    ) -> Self {
        Self(Kind::Deciding(Box::new(Deciding {
            login: Box::pin(login),
            waiting: Some((request, ready)),
        })))
    }
}

impl<S, B, RB> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Output = Result<Response<ResponseBody<RB>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut kind = self.project().0;
        loop {
            match kind.as_mut().project() {
                KindProj::Inner(future) => {
                    return Poll::Ready(
                        ready!(future.poll(cx)).map(|response| response.map(ResponseBody::inner)),
                    );
                }
                KindProj::Deciding(deciding) => {
                    if let Some(login) = ready!(deciding.login.as_mut().poll(cx)) {
                        return Poll::Ready(Ok(login.map(ResponseBody::generated)));
                    }
                    let (request, mut ready) =
                        deciding.waiting.take().expect("polled after completion");
                    kind.set(Kind::Inner(ready.call(request)));
                }
            }
        }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("silent_login::ResponseFuture")
            .finish_non_exhaustive()
    }
}
