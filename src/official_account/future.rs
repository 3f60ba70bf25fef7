use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::lookup::{Lookup, Outcome};
use super::service::{insert, rejection};
use crate::body::ResponseBody;
use crate::response::{GeneratedResponse, Pages};

/// Response future of [`AddOfficialAccount`](super::AddOfficialAccount).
#[pin_project]
pub struct ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    #[pin]
    state: State<S, B>,
}

#[pin_project(project = StateProj)]
enum State<S, B>
where
    S: Service<Request<B>>,
{
    /// Waits for Kesion, with the request and the service that is ready for it.
    Waiting {
        outcome: Pin<Box<dyn Future<Output = Outcome> + Send>>,
        waiting: Option<(Request<B>, S)>,
        pages: Arc<Pages>,
    },
    /// The inner service responds.
    Inner(#[pin] S::Future),
    /// There is no answer of Kesion.
    Rejected(Option<GeneratedResponse>),
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn inner(future: S::Future) -> Self {
        Self {
            state: State::Inner(future),
        }
    }

    pub(super) fn rejected(response: GeneratedResponse) -> Self {
        Self {
            state: State::Rejected(Some(response)),
        }
    }

    pub(super) fn waiting(
        lookup: Lookup,
        request: Request<B>,
        ready: S,
        pages: Arc<Pages>,
    ) -> Self {
        Self {
            state: State::Waiting {
                outcome: Box::pin(lookup.outcome()),
                waiting: Some((request, ready)),
                pages,
            },
        }
    }
}

impl<S, B, RB> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Output = Result<Response<ResponseBody<RB>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Inner(future) => {
                    return Poll::Ready(
                        ready!(future.poll(cx)).map(|response| response.map(ResponseBody::inner)),
                    );
                }
                StateProj::Rejected(response) => {
                    let response = response.take().expect("polled after completion");
                    return Poll::Ready(Ok(response.map(ResponseBody::generated)));
                }
                StateProj::Waiting {
                    outcome,
                    waiting,
                    pages,
                } => {
                    let outcome = ready!(outcome.as_mut().poll(cx));
                    let (mut request, mut ready) = waiting.take().expect("polled after completion");
                    let next = match outcome {
                        Ok(authorization) => {
                            insert(&mut request, authorization);
                            State::Inner(ready.call(request))
                        }
                        Err(error) => State::Rejected(Some(rejection(&request, error, pages))),
                    };
                    state.set(next);
                }
            }
        }
    }
}

impl<S, B> fmt::Debug for ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("official_account::ResponseFuture")
            .finish_non_exhaustive()
    }
}
