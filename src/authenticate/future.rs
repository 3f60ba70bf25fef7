use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::Resolver;
use crate::answer::{Pages, Reason, Rejection};
use crate::body::ResponseBody;
use crate::session::Authenticated;
use crate::store::SessionStore;

/// Response future of [`Authenticate`](super::Authenticate).
#[pin_project]
pub struct ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    #[pin]
    state: State<S, B, I, St>,
}

#[pin_project(project = StateProj)]
#[expect(clippy::large_enum_variant, reason = "a slow store must not cost an allocation either")]
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
    /// The store failed.
    Refused(Option<Rejection>),
}

impl<S, B, I, St> ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    pub(super) fn inner(future: S::Future) -> Self {
        Self { state: State::Inner(future) }
    }

    pub(super) fn refused(rejection: Rejection) -> Self {
        Self { state: State::Refused(Some(rejection)) }
    }

    pub(super) fn loading(load: St::Load, resolver: Arc<Resolver<I, St>>, request: Request<B>, ready: S) -> Self {
        Self { state: State::Loading { load, resolver, waiting: Some((request, ready)) } }
    }
}

impl<S, B, RB, I, St> ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>, Response = Response<RB>>,
    I: Send + Sync + 'static,
    St: SessionStore<I>,
{
    /// The response from inside as it is, or why there is none. Whoever polls makes an answer of it,
    /// once: a response is a lot to move.
    pub(crate) fn poll_raw(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Raw<RB>, S::Error>> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Inner(future) => return Poll::Ready(ready!(future.poll(cx)).map(Ok)),
                StateProj::Refused(rejection) => {
                    return Poll::Ready(Ok(Err(rejection.take().expect("polled after completion"))));
                }
                StateProj::Loading { load, resolver, waiting } => {
                    let found = ready!(load.poll(cx));
                    let (mut request, mut ready) = waiting.take().expect("polled after completion");
                    let next = match resolver.admit(found) {
                        Ok(session) => {
                            if let Some(session) = session {
                                request.extensions_mut().insert(Authenticated::new(session));
                            }
                            State::Inner(ready.call(request))
                        }
                        Err(error) => {
                            let (method, headers) = (request.method(), request.headers());
                            State::Refused(Some(Rejection::unavailable::<I>(error, method, headers)))
                        }
                    };
                    state.set(next);
                }
            }
        }
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
        Poll::Ready(Ok(match ready!(self.poll_raw(cx))? {
            Ok(response) => match rejection::<I, RB>(&response) {
                Some(rejection) if matches!(rejection.reason(), Reason::LoginRequired) => refuse(rejection.clone()),
                _ => response.map(ResponseBody::inner),
            },
            Err(rejection) => refuse(rejection),
        }))
    }
}

/// A response from inside, or why there is none.
pub(crate) type Raw<RB> = Result<Response<RB>, Rejection>;

/// The refusal that a response from inside stands for.
pub(crate) fn rejection<I: 'static, RB>(response: &Response<RB>) -> Option<&Rejection> {
    response.extensions().get::<Rejection>().filter(|rejection| rejection.is_about::<I>())
}

fn refuse<RB>(rejection: Rejection) -> Response<ResponseBody<RB>> {
    rejection.settle(&Pages::default(), None).map(ResponseBody::own)
}

impl<S, B, I, St> fmt::Debug for ResponseFuture<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("authenticate::ResponseFuture").finish_non_exhaustive()
    }
}
