use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::LoginSessions;
use crate::response::Rejection;
use crate::session::Authenticated;
use crate::store::SessionStore;

/// Future that authenticates a request, and then calls the inner service. The output is its response, perhaps with the
/// rejection of a guard inside, or the rejection of a request for which it was not called.
#[pin_project]
pub(crate) struct Authenticating<S, B, I, St>
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
    reason = "a remote store must not cost an allocation either"
)]
enum State<S, B, I, St>
where
    S: Service<Request<B>>,
    St: SessionStore<I>,
{
    /// The store has not answered yet. The request waits together with the service that was polled ready for it.
    Loading {
        #[pin]
        load: St::Load,
        sessions: Arc<LoginSessions<I, St>>,
        waiting: Option<(Request<B>, S)>,
    },
    /// The inner service was called.
    Inner(#[pin] S::Future),
    /// The store failed, or a guard of the login layer rejects the request.
    Rejected(Option<Rejection>),
}

impl<S, B, I, St> Authenticating<S, B, I, St>
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
        sessions: Arc<LoginSessions<I, St>>,
        request: Request<B>,
        ready: S,
    ) -> Self {
        Self {
            state: State::Loading {
                load,
                sessions,
                waiting: Some((request, ready)),
            },
        }
    }
}

impl<S, B, RB, I, St> Future for Authenticating<S, B, I, St>
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
                    sessions,
                    waiting,
                } => {
                    let found = ready!(load.poll(cx));
                    let (mut request, mut ready) = waiting.take().expect("polled after completion");
                    let admitted = match sessions.admit(found) {
                        Ok(session) => {
                            if let Some(session) = session {
                                request.extensions_mut().insert(Authenticated::new(session));
                            }
                            sessions.guards.authorize(&request)
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
