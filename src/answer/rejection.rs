//! Why a request was not answered by the wrapped service.

use std::any::{TypeId, type_name};
use std::sync::Arc;

use http::header::{COOKIE, ETAG, HeaderName, LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::json as value;

use super::response::{GRPC_MESSAGE, GRPC_STATUS, OwnResponse, json};
use super::{Language, Page, PageKind, Pages, Reader, RequestKind};
use crate::error::Error;

/// Why a request was not answered by the wrapped service; found in the extensions of the response.
///
/// A guard or an extractor makes one, and the layer of the same identity around it turns it into the answer:
/// a [`LoginLayer`](crate::login::LoginLayer) sends a person to the login, others get `401`.
///
/// A guard of your own does the same:
///
/// ```
/// use tower_weika::answer::Rejection;
/// use tower_weika::identity::Manager;
///
/// # let request = http::Request::new(());
/// let rejection = Rejection::login_required::<Manager>(request.method(), request.headers());
/// let response = rejection.into_response();
/// assert!(response.extensions().get::<Rejection>().is_some());
/// ```
#[derive(Clone, Debug)]
pub struct Rejection(Box<Refusal>);

#[derive(Clone, Debug)]
struct Refusal {
    reason: Reason,
    reader: Reader,
    identity: TypeId,
    identity_name: &'static str,
    /// What a login that begins because of this has to know: the cookies, marked sensitive.
    cookies: HeaderMap,
    /// Whether a login layer has given the answer its final form.
    settled: bool,
}

/// The reasons of a [`Rejection`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody is logged in.
    LoginRequired,
    /// Somebody is logged in and may not do this.
    Forbidden,
    /// Somebody is logged in and not bound to an account yet: a person who navigates is sent to the page of the
    /// application where that is done, with `return_to` in its query.
    Unbound {
        /// The path of that page; it may have a query.
        bind_page: Arc<str>,
    },
    /// Nobody can say who is asking: the session store failed.
    Unavailable(Error),
}

impl Rejection {
    /// A request with this method and these headers needs a login as `I`.
    #[must_use]
    pub fn login_required<I: 'static>(method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::LoginRequired, method, headers)
    }

    /// A request with this method and these headers is not allowed to whoever is logged in as `I`.
    #[must_use]
    pub fn forbidden<I: 'static>(method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::Forbidden, method, headers)
    }

    /// A request with this method and these headers needs an account that whoever is logged in as `I` is not bound
    /// to yet; `bind_page` is the path of the application's page where that is done.
    #[must_use]
    pub fn unbound<I: 'static>(bind_page: impl Into<Arc<str>>, method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::Unbound { bind_page: bind_page.into() }, method, headers)
    }

    pub(crate) fn unavailable<I: 'static>(error: Error, method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::Unavailable(error), method, headers)
    }

    fn new<I: 'static>(reason: Reason, method: &Method, headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(COOKIE).iter().cloned().map(|mut line| {
            line.set_sensitive(true);
            (COOKIE, line)
        });
        Self(Box::new(Refusal {
            reason,
            reader: Reader::of(method, headers),
            identity: TypeId::of::<I>(),
            identity_name: type_name::<I>(),
            cookies: cookies.collect(),
            settled: false,
        }))
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// What sort of answer the request can use.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.0.reader.kind
    }

    /// The language for a page.
    #[must_use]
    pub fn language(&self) -> Language {
        self.0.reader.language
    }

    /// Whether the identity in question is `I`.
    #[must_use]
    pub fn is_about<I: 'static>(&self) -> bool {
        self.0.identity == TypeId::of::<I>()
    }

    pub(crate) fn cookies(&self) -> &HeaderMap {
        &self.0.cookies
    }

    pub(crate) fn reader(&self) -> Reader {
        self.0.reader
    }

    /// The answer as a guard or an extractor gives it.
    ///
    /// [`Reason::LoginRequired`] is `500` here and names the remedy: the layer of the identity turns it into
    /// a redirect or `401`, so it is only ever seen where that layer is missing.
    #[must_use]
    pub fn into_response(self) -> OwnResponse {
        let mut response = match self.0.reason {
            Reason::LoginRequired => {
                let message = format!(
                    "a login as `{}` is required, and no layer for it is around this service. \
                     Is `LoginLayer` (or `AuthenticateLayer`) applied?",
                    self.0.identity_name
                );
                json(StatusCode::INTERNAL_SERVER_ERROR, &value!({ "error": "missing_layer", "message": message }))
            }
            Reason::Forbidden | Reason::Unbound { .. } | Reason::Unavailable(_) => self.render(&Pages::default(), None),
        };
        response.extensions_mut().insert(self);
        response
    }

    /// Whether a response carries a rejection about `I` that no login layer has settled yet.
    #[inline]
    pub(crate) fn is_open<I: 'static, B>(response: &Response<B>) -> bool {
        response.extensions().get::<Self>().is_some_and(|rejection| !rejection.0.settled && rejection.is_about::<I>())
    }

    /// The answer where no login can begin. `login_url` is where a script may send the person.
    pub(crate) fn render(&self, pages: &Pages, login_url: Option<&str>) -> OwnResponse {
        let kind = match self.0.reason {
            Reason::LoginRequired => PageKind::LoginRequired,
            Reason::Forbidden => PageKind::Forbidden,
            Reason::Unbound { .. } => PageKind::Unbound,
            Reason::Unavailable(_) => PageKind::Unavailable,
        };
        match (&self.0.reason, self.kind(), login_url) {
            (Reason::LoginRequired, RequestKind::Data, Some(url)) => {
                json(kind.status(), &value!({ "error": kind.code(), "login_url": url }))
            }
            (Reason::Unbound { bind_page }, RequestKind::Data, _) => {
                json(kind.status(), &value!({ "error": kind.code(), "bind_url": &**bind_page }))
            }
            (Reason::LoginRequired | Reason::Forbidden, _, Some(url)) => {
                // Somebody else may be allowed.
                pages.respond_to(self.kind(), &Page::new(kind, self.language()).with_retry(url.to_owned()))
            }
            _ => pages.respond_to(self.kind(), &Page::new(kind, self.language())),
        }
    }

    /// Keeps layers further out from giving the answer another form.
    pub(crate) fn close(&mut self) {
        self.0.settled = true;
    }

    /// Puts `answer` in the place of the response that carried this rejection. What middleware on the way has
    /// added to that one stays; what described its body goes.
    pub(crate) fn settle(self, answer: OwnResponse, former: Option<Parts>) -> OwnResponse {
        let (mut parts, body) = answer.into_parts();
        if let Some(former) = former {
            let mut headers = former.headers;
            for name in headers.keys().filter(|name| describes_a_body(name)).cloned().collect::<Vec<_>>() {
                headers.remove(name);
            }
            for name in parts.headers.keys().filter(|name| **name != SET_COOKIE) {
                headers.remove(name);
            }
            headers.extend(parts.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
            parts.headers = headers;
            let ours = std::mem::replace(&mut parts.extensions, former.extensions);
            parts.extensions.extend(ours);
        }
        parts.extensions.insert(self);
        Response::from_parts(parts, body)
    }
}

fn describes_a_body(name: &HeaderName) -> bool {
    let others = [ETAG, LAST_MODIFIED, TRANSFER_ENCODING, GRPC_STATUS, GRPC_MESSAGE];
    name.as_str().starts_with("content-") || others.contains(name)
}
