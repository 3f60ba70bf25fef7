use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request, Response, header};
use tower_service::Service;

use super::ResponseFuture;
use crate::body::ResponseBody;
use crate::login::browser::Browser;
use crate::login::inner::Inner;
use crate::login::return_to::ReturnTo;

use crate::provider::IdentityProvider;
use crate::request::{RequestKind, UserAgent, full_uri};
use crate::response::prefetch_unavailable;
use crate::session::Authenticated;
use crate::store::SessionStore;

/// Middleware that logs visitors in silently; see [`SilentLoginLayer`](super::SilentLoginLayer).
pub struct SilentLogin<S, P: IdentityProvider, St> {
    inner: S,
    login: Arc<Inner<P, St>>,
}

impl<S, P: IdentityProvider, St> SilentLogin<S, P, St> {
    pub(super) fn new(inner: S, login: Arc<Inner<P, St>>) -> Self {
        Self { inner, login }
    }
}

/// An unauthenticated visitor who could be logged in silently.
enum Candidate {
    /// The browser navigates here now.
    Navigation {
        target: ReturnTo,
        cookies: HeaderMap,
        user_agent: UserAgent,
    },
    /// The browser may navigate here later, and would then show the response to this request.
    Prefetch,
}

impl<P: IdentityProvider, St> Inner<P, St> {
    /// The candidate for a silent login that this request is, unless there was one during this
    /// visit.
    fn candidate<B>(&self, request: &Request<B>) -> Option<Candidate> {
        let is_authenticated = request
            .extensions()
            .get::<Authenticated<P::Identity>>()
            .is_some();
        if !self.silent_login || is_authenticated || *request.method() != Method::GET {
            return None;
        }
        let (headers, markers) = (request.headers(), self.flows.markers());
        if markers.silent_attempted(headers) || markers.last_result(headers).is_some() {
            return None;
        }
        let user_agent = UserAgent::of(headers);
        if !self.provider.allows_silent_login(user_agent) {
            return None;
        }
        match RequestKind::of(request.method(), headers) {
            RequestKind::Navigation => {
                let full = full_uri(request.uri(), request.extensions());
                let path_length = request.uri().path().len();
                let target = self.visited(full.path_and_query()?, path_length)?;
                let cookies = headers
                    .get_all(header::COOKIE)
                    .iter()
                    .map(|line| (header::COOKIE, line.clone()));
                Some(Candidate::Navigation {
                    target,
                    cookies: cookies.collect(),
                    user_agent,
                })
            }
            RequestKind::Prefetch => Some(Candidate::Prefetch),
            _ => None,
        }
    }
}

impl<S, B, RB, P, St> Service<Request<B>> for SilentLogin<S, P, St>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(candidate) = self.login.candidate(&request) else {
            return ResponseFuture::inner(self.inner.call(request));
        };
        let login = Arc::clone(&self.login);
        let login = async move {
            match candidate {
                Candidate::Navigation {
                    target,
                    cookies,
                    user_agent,
                } => {
                    let browser = Browser {
                        headers: &cookies,
                        user_agent,
                        session: None,
                    };
                    login.begin_silently(&target, browser).await
                }
                Candidate::Prefetch => Some(prefetch_unavailable()),
            }
        };
        // Only the service that was polled ready may be called: it goes into the future, its clone
        // stays here.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        ResponseFuture::deciding(login, request, ready)
    }
}

impl<S: Clone, P: IdentityProvider, St> Clone for SilentLogin<S, P, St> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.login))
    }
}

impl<S: fmt::Debug, P: IdentityProvider, St> fmt::Debug for SilentLogin<S, P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SilentLogin")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
