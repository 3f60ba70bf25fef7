//! Why a request was not answered by the wrapped service.

use std::any::{TypeId, type_name};

use http::header::{CONTENT_TYPE, COOKIE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json as value;

use super::{Language, OwnResponse, Page, PageKind, Pages, RequestKind, empty, json};
use crate::error::Error;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Seconds after which a request that met a dead store is worth repeating.
const STORE_RETRY_SECONDS: HeaderValue = HeaderValue::from_static("2");

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
    kind: RequestKind,
    language: Language,
    identity: TypeId,
    identity_name: &'static str,
    /// What a login that begins because of this has to know: the cookies, marked sensitive.
    cookies: HeaderMap,
}

/// The reasons of a [`Rejection`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody is logged in.
    LoginRequired,
    /// Somebody is logged in and may not do this.
    Forbidden,
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

    pub(crate) fn unavailable<I: 'static>(error: Error, method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::Unavailable(error), method, headers)
    }

    fn new<I: 'static>(reason: Reason, method: &Method, headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(COOKIE).iter().cloned().map(|mut line| {
            line.set_sensitive(true);
            (COOKIE, line)
        });
        Self(Box::new(Refusal {
            cookies: cookies.collect(),
            reason,
            kind: RequestKind::of(method, headers),
            language: Language::of(headers),
            identity: TypeId::of::<I>(),
            identity_name: type_name::<I>(),
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
        self.0.kind
    }

    /// The language for a page.
    #[must_use]
    pub fn language(&self) -> Language {
        self.0.language
    }

    /// Whether the identity in question is `I`.
    #[must_use]
    pub fn is_about<I: 'static>(&self) -> bool {
        self.0.identity == TypeId::of::<I>()
    }

    pub(crate) fn cookies(&self) -> &HeaderMap {
        &self.0.cookies
    }

    /// The answer as a guard or an extractor gives it.
    ///
    /// [`Reason::LoginRequired`] is `500` here and names the remedy: the layer of the identity turns it into
    /// a redirect or `401`, so it is only ever seen where that layer is missing.
    #[must_use]
    pub fn into_response(self) -> OwnResponse {
        let response = match self.0.reason {
            Reason::LoginRequired => {
                let message = format!(
                    "a login as `{}` is required, and no layer for it is around this service. \
                     Is `LoginLayer` (or `AuthenticateLayer`) applied?",
                    self.0.identity_name
                );
                json(StatusCode::INTERNAL_SERVER_ERROR, &value!({ "error": "missing_layer", "message": message }))
            }
            Reason::Forbidden | Reason::Unavailable(_) => self.render(&Pages::default(), None),
        };
        self.attach(response)
    }

    /// The answer as the layer of the identity gives it. `login_url` is where a script may send the person.
    pub(crate) fn settle(self, pages: &Pages, login_url: Option<&str>) -> OwnResponse {
        let response = self.render(pages, login_url);
        self.attach(response)
    }

    fn render(&self, pages: &Pages, login_url: Option<&str>) -> OwnResponse {
        let (status, error, page, grpc) = match self.0.reason {
            Reason::LoginRequired => (StatusCode::UNAUTHORIZED, "login_required", PageKind::LoginRequired, "16"),
            Reason::Forbidden => (StatusCode::FORBIDDEN, "forbidden", PageKind::Forbidden, "7"),
            Reason::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", PageKind::Unavailable, "14"),
        };
        let mut response = match (self.0.kind, login_url) {
            (RequestKind::Grpc, _) => grpc_status(grpc, error),
            (RequestKind::Page, _) => pages.respond(&Page::new(page, self.0.language)),
            (RequestKind::Data, Some(url)) if matches!(self.0.reason, Reason::LoginRequired) => {
                json(status, &value!({ "error": error, "login_url": url }))
            }
            (RequestKind::Data | RequestKind::Preflight, _) => json(status, &value!({ "error": error })),
        };
        if matches!(self.0.reason, Reason::Unavailable(_)) {
            response.headers_mut().insert(RETRY_AFTER, STORE_RETRY_SECONDS);
        }
        response
    }

    fn attach(self, mut response: OwnResponse) -> OwnResponse {
        response.extensions_mut().insert(self);
        response
    }
}

/// A gRPC answer that is over with its headers ("Trailers-Only" of the gRPC-over-HTTP/2 protocol).
fn grpc_status(status: &'static str, message: &'static str) -> OwnResponse {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(GRPC_STATUS, HeaderValue::from_static(status));
    headers.insert(GRPC_MESSAGE, HeaderValue::from_static(message));
    response
}
