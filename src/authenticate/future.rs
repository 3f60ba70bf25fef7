use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::Resolver;
use crate::body::ResponseBody;
use crate::response::{HandledBy, PageLinks, Pages, Rejection};
use crate::session::Authenticated;
use crate::store::SessionStore;

/// Response future of [`Authenticate`](super::Authenticate).
#[pin_project]
pub struct ResponseFuture<S, B, I, St>(#[pin] Resolving<S, B, I, St>)
where
    S: Service<Request<B>>,
    St: SessionStore<I>;

impl<S, B, I, St> ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    pub(super) fn new(resolving: Resolving<S, B, I, St>) -> Self {
        Self(resolving)
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
        Poll::Ready(Ok(match outcome.and_then(Rejection::take_from::<I, _>) {
            Ok(response) => response.map(ResponseBody::inner),
            Err(mut rejection) => {
                rejection.set_handled_by(HandledBy::AuthenticateLayer);
                let response = rejection.render(&Pages::default(), &PageLinks::default());
                rejection
                    .replace_response(response)
                    .map(ResponseBody::generated)
            }
        }))
    }
}

/// Authenticates a request, then calls the wrapped service. The output is its response, perhaps with the rejection of a
/// guard inside, or the rejection of a request for which it was not called.
#[pin_project]
pub(crate) struct Resolving<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    #[pin]
    state: State<S, B, I, St>,
}

#[pin_project(project = StateProj)]
#[expect(
    clippy::large_enum_variant,
    reason = "a slow store must not cost an allocation either"
)]
enum State<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    /// The store has not answered yet; the request and the service that is ready for it wait here.
    Loading {
        #[pin]
        load: St::Load,
        resolver: Arc<Resolver<I, St>>,
        waiting: Option<(Request<B>, S)>,
    },
    /// The wrapped service answers.
    Inner(#[pin] S::Future),
    /// The store failed, or a guard of the login layer rejects the request.
    Rejected(Option<Rejection>),
}

impl<S, B, I, St> Resolving<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    #[inline]
    pub(crate) fn inner(future: S::Future) -> Self {
        Self {
            state: State::Inner(future),
        }
    }

    pub(crate) fn rejected(rejection: Rejection) -> Self {
        Self {
            state: State::Rejected(Some(rejection)),
        }
    }

    pub(super) fn loading(
        load: St::Load,
        resolver: Arc<Resolver<I, St>>,
        request: Request<B>,
        ready: S,
    ) -> Self {
        Self {
            state: State::Loading {
                load,
                resolver,
                waiting: Some((request, ready)),
            },
        }
    }
}

impl<S, B, RB, I, St> Future for Resolving<S, B, I, St>
where
    S: Service<Request<B>, Response = Response<RB>>,
    I: Send + Sync + 'static,
    St: SessionStore<I>,
{
    type Output = Result<Result<Response<RB>, Rejection>, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Inner(future) => {
                    return Poll::Ready(ready!(future.poll(cx)).map(Ok));
                }
                StateProj::Rejected(rejection) => {
                    let rejection = rejection.take().expect("polled after completion");
                    return Poll::Ready(Ok(Err(rejection)));
                }
                StateProj::Loading {
                    load,
                    resolver,
                    waiting,
                } => {
                    let found = ready!(load.poll(cx));
                    let (mut request, mut ready) = waiting.take().expect("polled after completion");
                    let admitted = match resolver.admit(found) {
                        Ok(session) => {
                            if let Some(session) = session {
                                request.extensions_mut().insert(Authenticated::new(session));
                            }
                            resolver.guards.authorize(&request)
                        }
                        Err(error) => Err(Rejection::unavailable::<I>(
                            error,
                            request.method(),
                            request.headers(),
                        )),
                    };
                    let next = match admitted {
                        Ok(()) => State::Inner(ready.call(request)),
                        Err(rejection) => State::Rejected(Some(rejection)),
                    };
                    this.state.set(next);
                }
            }
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
