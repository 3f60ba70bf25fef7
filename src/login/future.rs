use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::forwarded_request::ForwardedRequest;
use super::inner::Inner;
use super::rejected::Resolution;
use crate::authenticate::Authenticating;
use crate::body::ResponseBody;
use crate::provider::IdentityProvider;
use crate::response::{GeneratedResponse, HandledBy, Rejection};
use crate::store::SessionStore;

/// The future of a response that the layer generates.
pub(super) type Responding = Pin<Box<dyn Future<Output = GeneratedResponse> + Send>>;

/// Response future of [`Login`](super::Login).
#[pin_project]
pub struct ResponseFuture<S, B, P, St>
where
    S: Service<Request<B>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    #[pin]
    kind: Kind<S, B, P, St>,
}

#[pin_project(project = KindProj)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is that of ordinary requests, which are not to be boxed"
)]
enum Kind<S, B, P, St>
where
    S: Service<Request<B>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// The request was forwarded, with the identity in its extensions.
    Forwarded {
        #[pin]
        future: Authenticating<S, B, P::Identity, St>,
        request: ForwardedRequest,
        login: Arc<Inner<P, St>>,
    },
    /// The layer responds. Boxed: a login happens once a day, and its state is large.
    Generated(Responding),
}

impl<S, B, P, St> ResponseFuture<S, B, P, St>
where
    S: Service<Request<B>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    #[inline]
    pub(super) fn forwarded(
        future: Authenticating<S, B, P::Identity, St>,
        request: ForwardedRequest,
        login: Arc<Inner<P, St>>,
    ) -> Self {
        Self {
            kind: Kind::Forwarded {
                future,
                request,
                login,
            },
        }
    }

    pub(super) fn generated(response: Responding) -> Self {
        Self {
            kind: Kind::Generated(response),
        }
    }
}

impl<S, B, RB, P, St> Future for ResponseFuture<S, B, P, St>
where
    S: Service<Request<B>, Response = Response<RB>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    type Output = Result<Response<ResponseBody<RB>>, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut kind = self.project().kind;
        loop {
            match kind.as_mut().project() {
                KindProj::Generated(response) => {
                    let response = ready!(response.as_mut().poll(cx));
                    return Poll::Ready(Ok(response.map(ResponseBody::generated)));
                }
                KindProj::Forwarded {
                    future,
                    request,
                    login,
                } => {
                    let outcome = ready!(future.poll(cx))?;
                    let mut rejection =
                        match outcome.and_then(Rejection::take_from::<P::Identity, _>) {
                            Ok(mut response) => {
                                request.cache_control.apply(&mut response);
                                return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                            }
                            Err(rejection) => rejection,
                        };
                    rejection.set_handled_by(HandledBy::LoginLayer);
                    match login.resolve(&rejection, request) {
                        Resolution::Response(response) => {
                            let response = rejection.replace_response(response);
                            return Poll::Ready(Ok(response.map(ResponseBody::generated)));
                        }
                        Resolution::Login(target) => {
                            let login = Arc::clone(login);
                            let response = async move {
                                let response = login.begin_for(&rejection, &target).await;
                                rejection.replace_response(response)
                            };
                            kind.set(Kind::Generated(Box::pin(response)));
                        }
                    }
                }
            }
        }
    }
}

impl<S, B, P, St> fmt::Debug for ResponseFuture<S, B, P, St>
where
    S: Service<Request<B>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("login::ResponseFuture")
            .finish_non_exhaustive()
    }
}
