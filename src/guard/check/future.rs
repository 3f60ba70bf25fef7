use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::layer::Condition;
use crate::body::ResponseBody;
use crate::clock::Clock;
use crate::error::{BoxError, Error, ErrorKind};
use crate::guard::authorize::rejected;
use crate::guard::{CacheControl, ResponseFuture as GuardFuture};
use crate::response::{Reason, Rejection};
use crate::trace::warn;

/// Response future of [`Check`](super::Check).
#[pin_project]
pub struct ResponseFuture<S, B, I, F, Fut>
where
    S: Service<Request<B>>,
{
    #[pin]
    state: State<S, B, F, Fut>,
    identity: PhantomData<fn(I)>,
}

#[pin_project(project = StateProj)]
#[expect(
    clippy::large_enum_variant,
    reason = "every request is in the large variant first"
)]
enum State<S, B, F, Fut>
where
    S: Service<Request<B>>,
{
    /// The check has not completed yet. The request waits together with the service that was polled
    /// ready for it.
    Checking {
        #[pin]
        check: Fut,
        waiting: Option<(Request<B>, S)>,
        condition: Arc<Condition<F>>,
        cache_control: CacheControl,
    },
    /// The check has completed, or there is no session to check.
    Decided(#[pin] GuardFuture<S::Future>),
}

impl<S, B, I, F, Fut> ResponseFuture<S, B, I, F, Fut>
where
    S: Service<Request<B>>,
{
    pub(super) fn checking(
        check: Fut,
        request: Request<B>,
        ready: S,
        condition: Arc<Condition<F>>,
        cache_control: CacheControl,
    ) -> Self {
        Self::new(State::Checking {
            check,
            waiting: Some((request, ready)),
            condition,
            cache_control,
        })
    }

    pub(super) fn rejected(rejection: Rejection) -> Self {
        Self::new(State::Decided(GuardFuture::rejected(rejection)))
    }

    fn new(state: State<S, B, F, Fut>) -> Self {
        Self {
            state,
            identity: PhantomData,
        }
    }
}

impl<S, B, RB, I, F, Fut, E> Future for ResponseFuture<S, B, I, F, Fut>
where
    S: Service<Request<B>, Response = Response<RB>>,
    I: 'static,
    Fut: Future<Output = Result<bool, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<RB>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Decided(future) => return future.poll(cx),
                StateProj::Checking {
                    check,
                    waiting,
                    condition,
                    cache_control,
                } => {
                    let outcome = ready!(check.poll(cx));
                    let (request, mut ready) = waiting.take().expect("polled after completion");
                    let decided = match outcome {
                        Ok(true) => GuardFuture::inner(ready.call(request), *cache_control),
                        Ok(false) => {
                            let name = type_name::<F>();
                            let rejection = rejected::<I, B>(name, Reason::Forbidden, &request);
                            GuardFuture::rejected(rejection)
                        }
                        Err(error) => {
                            let error = condition.failed::<I>(error.into());
                            let (method, headers) = (request.method(), request.headers());
                            let rejection = Rejection::unavailable::<I>(error, method, headers);
                            GuardFuture::rejected(rejection.with_target(&request))
                        }
                    };
                    this.state.set(State::Decided(decided));
                }
            }
        }
    }
}

impl<F> Condition<F> {
    /// Logs a failure of the check, and returns it for the rejection.
    fn failed<I>(&self, error: BoxError) -> Error {
        let context = "the check of a guard failed";
        let error = Error::new(ErrorKind::Internal, context).with_source(error);
        if let Some(suppressed) = self.failures.admit(Clock::system().now()) {
            warn!(
                requirement = %type_name::<F>(),
                identity = %type_name::<I>(),
                error = %error.report(),
                suppressed = %suppressed,
                "guard: the check failed; the response is 503"
            );
        }
        error
    }
}

impl<S, B, I, F, Fut> fmt::Debug for ResponseFuture<S, B, I, F, Fut>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("check::ResponseFuture")
            .finish_non_exhaustive()
    }
}
