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
use crate::authenticate::Authenticating;
use crate::body::ResponseBody;
use crate::guard::CacheControl;
use crate::provider::IdentityProvider;
use crate::request::RequestKind;
use crate::response::{Links, OwnResponse, PageKind, Reason, Rejection, see_other, speculative};
use crate::store::SessionStore;
use crate::trace::{debug, warn};

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
        future: Authenticating<S, B, P::Identity, St>,
        asked: Asked,
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
        future: Authenticating<S, B, P::Identity, St>,
        asked: Asked,
        shared: Arc<Shared<P, St>>,
    ) -> Self {
        Self {
            kind: Kind::Passing {
                future,
                asked,
                shared,
            },
        }
    }

    pub(super) fn own(answer: impl Future<Output = OwnResponse> + Send + 'static) -> Self {
        Self {
            kind: Kind::Own(Box::pin(answer)),
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
                KindProj::Own(answer) => {
                    return Poll::Ready(
                        Ok(ready!(answer.as_mut().poll(cx)).map(ResponseBody::own)),
                    );
                }
                KindProj::Passing {
                    future,
                    asked,
                    shared,
                } => {
                    let mut refused = match ready!(future.poll(cx))?.into_response::<P::Identity>()
                    {
                        Ok(mut response) => {
                            asked.cache_control.apply(&mut response);
                            return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                        }
                        Err(refused) => refused,
                    };
                    refused.rejection.close();
                    match shared.settle(&refused.rejection, asked) {
                        Form::Answer(answer) => {
                            return Poll::Ready(Ok(refused
                                .render_as(answer)
                                .map(ResponseBody::own)));
                        }
                        Form::Login(target) => {
                            let shared = Arc::clone(shared);
                            let answer = async move {
                                let answer = shared.log_in_first(&refused.rejection, &target).await;
                                refused.render_as(answer)
                            };
                            kind.set(Kind::Own(Box::pin(answer)));
                        }
                    }
                }
            }
        }
    }
}

/// The facts of a request that the response may depend on.
pub(super) struct Asked {
    /// The target, unless the identity of the session is complete.
    pub(super) target: Option<PathAndQuery>,
    /// Of at most 65,534 bytes, as of every URI of the `http` crate.
    pub(super) path_length: u16,
    pub(super) cache_control: CacheControl,
}

/// The form of the response to a rejection.
enum Form {
    Answer(OwnResponse),
    /// A login that leads back to this target.
    Login(ReturnTo),
}

impl<P: IdentityProvider, St> Shared<P, St> {
    /// Finds the form of the response: a redirect for a top-level navigation, a page for another request of a person, a
    /// short response for the rest.
    fn settle(&self, rejection: &Rejection, asked: &Asked) -> Form {
        let (settings, reader) = (&self.settings, rejection.reader());
        let return_to = || {
            self.return_to(rejection, asked)
                .unwrap_or_else(|| settings.default_target.clone())
        };
        match (rejection.reason(), reader.kind) {
            (Reason::LoginRequired, RequestKind::Prefetch) => Form::Answer(speculative()),
            (Reason::LoginRequired, RequestKind::Navigation)
                if !self.provider.supports(reader.browser) =>
            {
                // To the page that says so; its address can be passed on.
                let answer = see_other(&settings.login_url(&return_to()));
                Form::Answer(answer.unwrap_or_else(|error| self.broken(reader, error)))
            }
            (Reason::LoginRequired, RequestKind::Navigation)
                if settings.flows.last_ended(rejection.origins().headers())
                    == Some(End::LoggedIn) =>
            {
                // Logged in a moment ago, and unauthenticated again: the browser rejects the session cookie, or another
                // instance does not know the session. Another login would end in the same place.
                self.report_lost_cookies();
                Form::Answer(self.page(reader, PageKind::CookiesBlocked, Some(&return_to())))
            }
            (Reason::LoginRequired, RequestKind::Navigation) => Form::Login(return_to()),
            (Reason::Unbound { bind_page }, RequestKind::Navigation | RequestKind::Frame)
                if reader.is_safe =>
            {
                let redirect = settings
                    .bind_url(bind_page, &return_to())
                    .and_then(|url| see_other(&url).ok());
                Form::Answer(redirect.unwrap_or_else(|| {
                    if let Some(suppressed) = self.reports.bind_page.admit(self.resolver.clock.now()) {
                        warn!(
                            page = %bind_page,
                            suppressed = %suppressed,
                            "guard: the page that links an account is not of this site, or requires the account \
                             itself; the response is 403"
                        );
                    }
                    self.reject(rejection, asked)
                }))
            }
            _ => Form::Answer(self.reject(rejection, asked)),
        }
    }

    /// The response without a redirect.
    fn reject(&self, rejection: &Rejection, asked: &Asked) -> OwnResponse {
        let (settings, reader) = (&self.settings, rejection.reader());
        let return_to = self.return_to(rejection, asked);
        let is_from_other_site =
            reader.kind == RequestKind::Form && rejection.origins().is_cross_site(&settings.origin);
        let bind = match rejection.reason() {
            Reason::Unbound { bind_page } => {
                let known = return_to
                    .as_ref()
                    .or_else(|| reader.kind.is_shown().then_some(&settings.default_target));
                known.and_then(|return_to| settings.bind_url(bind_page, return_to))
            }
            _ => None,
        };
        let links = Links {
            login: Some(settings.login_url(return_to.as_ref().unwrap_or(&settings.default_target))),
            home: Some(settings.default_target.as_str().to_owned()),
            bind,
            same_page: is_from_other_site.then(|| {
                let own = self.own_target(rejection, asked);
                own.as_ref()
                    .unwrap_or(&settings.default_target)
                    .as_str()
                    .to_owned()
            }),
        };
        rejection.render(&settings.pages, &links)
    }

    /// The page that a login leads back to. The target of a script or of a form is no page; the page that sent it is.
    fn return_to(&self, rejection: &Rejection, asked: &Asked) -> Option<ReturnTo> {
        let reader = rejection.reader();
        if reader.is_safe && reader.kind.is_shown() {
            self.own_target(rejection, asked)
        } else {
            rejection
                .origins()
                .pages()
                .find_map(|page| self.settings.rules.check_page(page))
        }
    }

    /// The checked target of the request itself.
    fn own_target(&self, rejection: &Rejection, asked: &Asked) -> Option<ReturnTo> {
        let target = asked.target.as_ref().or_else(|| {
            let target = rejection.target(asked.path_length.into());
            if target.is_none() {
                debug!("login: return target unknown: a router has shortened the path (`nest`); default target used");
            }
            target
        });
        target.and_then(|target| self.settings.rules.check(target.as_str().as_bytes()))
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
