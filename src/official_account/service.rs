use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::lookup::Lookup;
use super::{ResponseFuture, SchoolAccount};
use crate::body::ResponseBody;
use crate::error::Error;
use crate::identity::{AccountAuthorization, OfficialAccount};
use crate::request::RequestFacts;
use crate::response::{GeneratedResponse, Page, PageKind, Pages};

/// Middleware that inserts a school's official account into the extensions of requests; see the
/// [module](super).
#[derive(Clone, Debug)]
pub struct AddOfficialAccount<S> {
    inner: S,
    account: SchoolAccount,
    pages: Arc<Pages>,
}

impl<S> AddOfficialAccount<S> {
    pub(super) fn new(inner: S, account: SchoolAccount, pages: Arc<Pages>) -> Self {
        Self {
            inner,
            account,
            pages,
        }
    }
}

impl<S, B, RB> Service<Request<B>> for AddOfficialAccount<S>
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
        match self.account.look_up() {
            Lookup::Ready(Ok(authorization)) => {
                insert(&mut request, authorization);
                ResponseFuture::inner(self.inner.call(request))
            }
            Lookup::Ready(Err(error)) => {
                ResponseFuture::rejected(rejection(&request, error, &self.pages))
            }
            lookup @ Lookup::Waiting(_) => {
                // Only the service that was polled ready may be called: it moves into the future,
                // its clone stays.
                let clone = self.inner.clone();
                let ready = mem::replace(&mut self.inner, clone);
                ResponseFuture::waiting(lookup, request, ready, Arc::clone(&self.pages))
            }
        }
    }
}

pub(super) fn insert<B>(request: &mut Request<B>, authorization: AccountAuthorization) {
    let extensions = request.extensions_mut();
    match authorization.account().cloned() {
        Some(account) => drop(extensions.insert(account)),
        None => drop(extensions.remove::<Arc<OfficialAccount>>()),
    }
    extensions.insert(authorization);
}

/// Response to a request when there is no response of Kesion.
pub(super) fn rejection<B>(request: &Request<B>, error: Error, pages: &Pages) -> GeneratedResponse {
    let facts = RequestFacts::of(request.method(), request.headers());
    let page = Page::new(PageKind::of(error.kind()), facts.language).with_error(error.clone());
    let mut response = pages.respond_to(facts.kind, &page);
    response.extensions_mut().insert(error);
    response
}
