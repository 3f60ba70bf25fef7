use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::uri::PathAndQuery;
use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::shared::Shared;
use crate::answer::{OwnResponse, PageKind, Reason, Rejection, RequestKind};
use crate::authenticate::Resolving;
use crate::body::ResponseBody;
use crate::provider::IdentityProvider;
use crate::store::SessionStore;

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
    /// The application answers, with the identity in the request.
    Passing {
        #[pin]
        future: Resolving<S, B, P::Identity, St>,
        target: Option<PathAndQuery>,
        shared: Arc<Shared<P, St>>,
    },
    /// An endpoint of ours answers. Boxed: a login happens once a day, and its state is large.
    Own(Pin<Box<dyn Future<Output = OwnResponse> + Send>>),
}

impl<S, B, P, St> ResponseFuture<S, B, P, St>
where
    S: Service<Request<B>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    pub(super) fn passing(
        future: Resolving<S, B, P::Identity, St>,
        target: Option<PathAndQuery>,
        shared: Arc<Shared<P, St>>,
    ) -> Self {
        Self { kind: Kind::Passing { future, target, shared } }
    }

    pub(super) fn own(answer: impl Future<Output = OwnResponse> + Send + 'static) -> Self {
        Self { kind: Kind::Own(Box::pin(answer)) }
    }
}

impl<S, B, RB, P, St> Future for ResponseFuture<S, B, P, St>
where
    S: Service<Request<B>, Response = Response<RB>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    type Output = Result<Response<ResponseBody<RB>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Own(answer) => Poll::Ready(Ok(ready!(answer.as_mut().poll(cx)).map(ResponseBody::own))),
            KindProj::Passing { future, target, shared } => {
                let resolved = ready!(future.poll(cx))?;
                Poll::Ready(Ok(resolved.settle::<P::Identity>(|rejection| {
                    rejection.close();
                    shared.settle(rejection, target.as_ref())
                })))
            }
        }
    }
}

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Gives a refusal its final form: a login for a person who navigates, a short answer for the rest.
    fn settle(&self, rejection: &Rejection, target: Option<&PathAndQuery>) -> OwnResponse {
        let settings = &self.settings;
        if !matches!((rejection.reason(), rejection.kind()), (Reason::LoginRequired, RequestKind::Page)) {
            return rejection.render(&settings.pages, Some(&settings.login_path));
        }
        let target = target.and_then(|target| settings.rules.check(target.as_str().as_bytes()));
        let target = target.unwrap_or_else(|| settings.landing.clone());
        if settings.flows.has_just_arrived(rejection.cookies()) {
            // Logged in a moment ago, and a stranger again: the browser refuses the session cookie, or another
            // instance does not know the session. Another login would end in the same place.
            return self.page(rejection.reader(), PageKind::CookiesBlocked, Some(&target));
        }
        let begun = self.begin(&target, 0, rejection.cookies());
        begun.unwrap_or_else(|error| self.broken(rejection.reader(), error))
    }
}

impl<S, B, P, St> fmt::Debug for ResponseFuture<S, B, P, St>
where
    S: Service<Request<B>>,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("login::ResponseFuture").finish_non_exhaustive()
    }
}
