use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::uri::PathAndQuery;
use http::{Request, Response};
use pin_project::pin_project;
use tower_service::Service;

use super::flow::End;
use super::return_to::ReturnTo;
use super::shared::Shared;
use crate::answer::{OwnResponse, PageKind, Reason, Rejection, RequestKind, see_other};
use crate::authenticate::Resolving;
use crate::body::ResponseBody;
use crate::provider::IdentityProvider;
use crate::store::SessionStore;
use crate::trace::warn;

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
    #[inline]
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
        let mut kind = self.project().kind;
        loop {
            match kind.as_mut().project() {
                KindProj::Own(answer) => {
                    return Poll::Ready(Ok(ready!(answer.as_mut().poll(cx)).map(ResponseBody::own)));
                }
                KindProj::Passing { future, target, shared } => {
                    let mut refused = match ready!(future.poll(cx))?.refusal::<P::Identity>() {
                        Ok(response) => return Poll::Ready(Ok(response.map(ResponseBody::inner))),
                        Err(refused) => refused,
                    };
                    refused.rejection.close();
                    match shared.settle(&refused.rejection, target.as_ref()) {
                        Form::Answer(answer) => {
                            return Poll::Ready(Ok(refused.answered(answer).map(ResponseBody::own)));
                        }
                        Form::Login(target) => {
                            let shared = Arc::clone(shared);
                            let answer = async move {
                                let answer = shared.log_in_first(&refused.rejection, &target).await;
                                refused.answered(answer)
                            };
                            kind.set(Kind::Own(Box::pin(answer)));
                        }
                    }
                }
            }
        }
    }
}

/// The form of a refusal.
enum Form {
    Answer(OwnResponse),
    /// A login that leads back to this target.
    Login(ReturnTo),
}

impl<P: IdentityProvider, St> Shared<P, St> {
    /// Finds the form of a refusal: a redirect for a person who navigates, a short answer for the rest.
    fn settle(&self, rejection: &Rejection, target: Option<&PathAndQuery>) -> Form {
        let (settings, reader) = (&self.settings, rejection.reader());
        let target = || {
            let target = target.and_then(|target| settings.rules.check(target.as_str().as_bytes()));
            target.unwrap_or_else(|| settings.landing.clone())
        };
        match (rejection.reason(), reader.kind) {
            (Reason::LoginRequired, RequestKind::Page) if !self.provider.works_in(reader.browser) => {
                // To the page that says so; its address can be passed on.
                let answer = see_other(&settings.login_url(&target()));
                Form::Answer(answer.unwrap_or_else(|error| self.broken(reader, error)))
            }
            (Reason::LoginRequired, RequestKind::Page)
                if settings.flows.last_ended(rejection.cookies()) == Some(End::LoggedIn) =>
            {
                // Logged in a moment ago, and a stranger again: the browser refuses the session cookie, or another
                // instance does not know the session. Another login would end in the same place.
                Form::Answer(self.page(reader, PageKind::CookiesBlocked, Some(&target())))
            }
            (Reason::LoginRequired, RequestKind::Page) => Form::Login(target()),
            (Reason::Unbound { bind_page }, RequestKind::Page) => {
                let redirect = settings.bind_url(bind_page, &target()).and_then(|url| see_other(&url).ok());
                Form::Answer(redirect.unwrap_or_else(|| {
                    warn!(page = %bind_page, "the page to bind an account is none of this site, or demands it itself");
                    self.refusal(rejection)
                }))
            }
            _ => Form::Answer(self.refusal(rejection)),
        }
    }

    fn refusal(&self, rejection: &Rejection) -> OwnResponse {
        rejection.render(&self.settings.pages, Some(&self.settings.login_path))
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
