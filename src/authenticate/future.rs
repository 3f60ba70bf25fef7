use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::response::Parts;
use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::Resolver;
use crate::body::ResponseBody;
use crate::response::{Links, OwnResponse, Pages, Rejection};
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
        let resolved = ready!(self.project().0.poll(cx))?;
        Poll::Ready(Ok(match resolved.refusal::<I>() {
            Ok(response) => response.map(ResponseBody::inner),
            // Not closed: a login layer further out has a better answer.
            Err(refused) => {
                let answer = refused
                    .rejection
                    .render(&Pages::default(), &Links::default());
                refused.answered(answer).map(ResponseBody::own)
            }
        }))
    }
}

/// The result of a request.
pub(crate) enum Resolved<RB> {
    /// The wrapped service has answered, perhaps with the rejection of a guard inside.
    Answered(Response<RB>),
    /// The wrapped service was not called.
    Rejected(Rejection),
}

impl<RB> Resolved<RB> {
    /// The response, unless it is a refusal that is about `I` and has not found its form yet.
    #[inline]
    pub(crate) fn refusal<I: 'static>(self) -> Result<Response<RB>, Refused> {
        match self {
            Self::Answered(response) if !Rejection::is_open::<I, _>(&response) => Ok(response),
            refused => refused.into_refusal(),
        }
    }

    /// Kept out of the way of those who are answered.
    #[cold]
    fn into_refusal(self) -> Result<Response<RB>, Refused> {
        match self {
            Self::Rejected(rejection) => Err(Refused {
                rejection,
                former: None,
            }),
            Self::Answered(mut response) => match response.extensions_mut().remove() {
                None => Ok(response),
                Some(rejection) => Err(Refused {
                    rejection,
                    former: Some(response.into_parts().0),
                }),
            },
        }
    }
}

/// A refusal that is looking for its form.
pub(crate) struct Refused {
    pub(crate) rejection: Rejection,
    /// What middleware on the way has made of the response.
    former: Option<Parts>,
}

impl Refused {
    /// The refusal in the form of `answer`.
    pub(crate) fn answered(self, answer: OwnResponse) -> OwnResponse {
        self.rejection.settle(answer, self.former)
    }
}

/// Finds out who is asking, and then asks the wrapped service.
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
    type Output = Result<Resolved<RB>, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Inner(future) => {
                    return Poll::Ready(ready!(future.poll(cx)).map(Resolved::Answered));
                }
                StateProj::Rejected(rejection) => {
                    let rejection = rejection.take().expect("polled after completion");
                    return Poll::Ready(Ok(Resolved::Rejected(rejection)));
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
                            resolver.guards.verify(&request)
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
