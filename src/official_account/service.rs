use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use super::layer::Settings;
use super::refresh::Lookup;
use crate::body::ResponseBody;
use crate::error::Error;
use crate::identity::{AccountAuthorization, OfficialAccount};
use crate::request::RequestFacts;
use crate::response::{GeneratedResponse, Page, PageKind, Pages};

/// Puts the official account of a school into the extensions of requests; see the [module](super).
#[derive(Clone, Debug)]
pub struct WithOfficialAccount<S> {
    inner: S,
    settings: Settings,
}

impl<S> WithOfficialAccount<S> {
    pub(super) fn new(inner: S, settings: Settings) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, RB> Service<Request<B>> for WithOfficialAccount<S>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.settings.school.look_up() {
            Lookup::Ready(Ok(authorization)) => {
                inform(&mut request, authorization);
                ResponseFuture::inner(self.inner.call(request))
            }
            Lookup::Ready(Err(error)) => {
                ResponseFuture::refused(refusal(&request, error, &self.settings.pages))
            }
            lookup @ Lookup::Waiting(_) => {
                // Only the service that was polled ready may be called: it goes into the future, its clone stays
                // here.
                let clone = self.inner.clone();
                let ready = mem::replace(&mut self.inner, clone);
                ResponseFuture::waiting(lookup, request, ready, Arc::clone(&self.settings.pages))
            }
        }
    }
}

/// Puts what is known into the extensions.
pub(super) fn inform<B>(request: &mut Request<B>, authorization: AccountAuthorization) {
    let extensions = request.extensions_mut();
    match authorization.account().cloned() {
        Some(account) => drop(extensions.insert(account)),
        None => drop(extensions.remove::<Arc<OfficialAccount>>()),
    }
    extensions.insert(authorization);
}

/// Our answer to a request, if nothing is known.
pub(super) fn refusal<B>(request: &Request<B>, error: Error, pages: &Pages) -> GeneratedResponse {
    let facts = RequestFacts::of(request.method(), request.headers());
    let mut response = pages.respond_to(
        facts.kind,
        &Page::new(PageKind::of(error.kind()), facts.language),
    );
    response.extensions_mut().insert(error);
    response
}
