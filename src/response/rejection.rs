//! A rejection of a request, on its way from a guard to the layer that answers it.

use std::any::{TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use http::header::{ETAG, HeaderName, HeaderValue, LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING};
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::json as value;

use super::missing_layer;
use super::own_response::{GRPC_MESSAGE, GRPC_STATUS, OwnResponse, json};
use super::{Page, PageKind, Pages};
use crate::error::Error;
use crate::request::{Language, Origins, Reader, RequestKind};

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// A rejection of a request, with its reason. It is in the extensions of the response.
///
/// A guard or an extractor makes one, and the layer of the same identity around it turns it into the response:
/// a [`LoginLayer`](crate::login::LoginLayer) sends a person to the login, and answers a script with `401`.
///
/// A guard of your own does the same:
///
/// ```
/// use tower_weika::response::Rejection;
/// use tower_weika::identity::Manager;
///
/// # let request = http::Request::new(());
/// let rejection = Rejection::login_required::<Manager>(request.method(), request.headers());
/// let response = rejection.into_response();
/// assert!(response.extensions().get::<Rejection>().is_some());
/// ```
#[derive(Clone)]
pub struct Rejection(Box<Inner>);

struct Inner {
    reason: Reason,
    reader: Reader,
    identity: TypeId,
    identity_name: &'static str,
    origins: Origins,
    /// The target as the guard saw it.
    target: Option<PathAndQuery>,
    stage: Stage,
}

/// How far a rejection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// No response carries it.
    New,
    /// A guard or an extractor has answered with it, and no layer has seen it yet.
    Unanswered,
    /// A layer without a login has answered it; a login layer further out may do better.
    Answered,
    /// A login layer has answered it.
    Final,
}

/// The reasons of a [`Rejection`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The request is unauthenticated.
    LoginRequired,
    /// The identity does not satisfy the requirement.
    Forbidden,
    /// The identity has no linked account yet: a navigation is redirected to the page of the application where
    /// the person links one, with `return_to` in its query.
    Unbound {
        /// The path of that page; it may have a query.
        bind_page: Arc<str>,
    },
    /// The session store failed, so that the identity is unknown.
    Unavailable(Error),
}

/// Where a response to a rejection leads, as far as a login layer knows.
#[derive(Default)]
pub(crate) struct Links {
    /// The login, with a target if one is known.
    pub(crate) login: Option<String>,
    /// The default page of the site.
    pub(crate) home: Option<String>,
    /// The application's page that links an account.
    pub(crate) bind: Option<String>,
    /// The target of a form that another site has sent.
    pub(crate) same_page: Option<String>,
}

impl Rejection {
    /// A request with this method and these headers needs a login as `I`.
    #[must_use]
    pub fn login_required<I: 'static>(method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::LoginRequired, method, headers)
    }

    /// A request with this method and these headers is not allowed to the identity `I` that it has.
    #[must_use]
    pub fn forbidden<I: 'static>(method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::Forbidden, method, headers)
    }

    /// A request with this method and these headers needs a linked account, which its identity `I` does not have.
    /// `bind_page` is the path of the application's page where the person links one.
    #[must_use]
    pub fn unbound<I: 'static>(
        bind_page: impl Into<Arc<str>>,
        method: &Method,
        headers: &HeaderMap,
    ) -> Self {
        Self::new::<I>(
            Reason::Unbound {
                bind_page: bind_page.into(),
            },
            method,
            headers,
        )
    }

    pub(crate) fn unavailable<I: 'static>(
        error: Error,
        method: &Method,
        headers: &HeaderMap,
    ) -> Self {
        Self::new::<I>(Reason::Unavailable(error), method, headers)
    }

    fn new<I: 'static>(reason: Reason, method: &Method, headers: &HeaderMap) -> Self {
        Self(Box::new(Inner {
            reason,
            reader: Reader::of(method, headers),
            identity: TypeId::of::<I>(),
            identity_name: type_name::<I>(),
            origins: Origins::of(headers),
            target: None,
            stage: Stage::New,
        }))
    }

    /// The same rejection with the target of the request. A router may have shortened it.
    pub(crate) fn with_target(mut self, target: &Uri) -> Self {
        self.0.target = target.path_and_query().cloned();
        self
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// The kind of the request.
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

    pub(crate) fn origins(&self) -> &Origins {
        &self.0.origins
    }

    pub(crate) fn reader(&self) -> Reader {
        self.0.reader
    }

    /// The target as the guard saw it, if its path still has the length that the request had at the login layer: a
    /// router that nests removes a prefix.
    pub(crate) fn target(&self, path_length: usize) -> Option<&PathAndQuery> {
        self.0
            .target
            .as_ref()
            .filter(|target| target.path().len() == path_length)
    }

    /// The response of a guard or an extractor.
    ///
    /// [`Reason::LoginRequired`] is `500` here and names the remedy: the layer of the identity turns it into
    /// a redirect or `401`, so clients see it only where that layer is missing or in the wrong place. Then the
    /// log has an error event as well.
    #[must_use]
    pub fn into_response(mut self) -> OwnResponse {
        let mut response = match self.0.reason {
            Reason::LoginRequired => {
                let message = missing_layer::message(self.0.identity_name);
                json(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &value!({ "error": "missing_layer", "message": message }),
                )
            }
            Reason::Forbidden | Reason::Unbound { .. } | Reason::Unavailable(_) => {
                self.render(&Pages::default(), &Links::default())
            }
        };
        self.0.stage = Stage::Unanswered;
        response.extensions_mut().insert(self);
        response
    }

    /// Whether a response carries a rejection about `I` that no login layer has answered yet.
    #[inline]
    pub(crate) fn is_open<I: 'static, B>(response: &Response<B>) -> bool {
        let rejection = response.extensions().get::<Self>();
        rejection
            .is_some_and(|rejection| rejection.0.stage != Stage::Final && rejection.is_about::<I>())
    }

    /// The response where no login begins.
    pub(crate) fn render(&self, pages: &Pages, links: &Links) -> OwnResponse {
        let reader = self.reader();
        let kind = match (&self.0.reason, reader.kind) {
            (Reason::LoginRequired, RequestKind::Frame) if links.login.is_some() => {
                PageKind::LoginInFrame
            }
            (Reason::LoginRequired, RequestKind::Form) if links.same_page.is_some() => {
                PageKind::ContinueFromOtherSite
            }
            (Reason::LoginRequired, RequestKind::Form) => PageKind::LoginExpired,
            (Reason::LoginRequired, _) => PageKind::LoginRequired,
            (Reason::Forbidden, _) => PageKind::Forbidden,
            (Reason::Unbound { .. }, _) => PageKind::Unbound,
            (Reason::Unavailable(_), _) => PageKind::Unavailable,
        };
        let link = match (&self.0.reason, reader.kind) {
            (Reason::LoginRequired, RequestKind::Script) => {
                links.login.as_deref().map(|url| ("login_url", url))
            }
            (Reason::Unbound { bind_page }, RequestKind::Script) => {
                Some(("bind_url", links.bind.as_deref().unwrap_or(bind_page)))
            }
            _ => None,
        };
        let Some((name, url)) = link else {
            return pages.respond_to(
                reader.kind,
                &Page::new(kind, reader.language).with_links(links),
            );
        };
        let mut response = json(kind.status(), &value!({ "error": kind.code(), name: url }));
        // Only to a checked URL: the page that links an account would otherwise be loaded again from itself.
        let is_checked = [&links.login, &links.bind]
            .into_iter()
            .any(|link| link.as_deref() == Some(url));
        if let Ok(url) = HeaderValue::from_str(url)
            && reader.is_htmx
            && is_checked
        {
            response.headers_mut().insert(HX_REDIRECT, url);
        }
        response
    }

    /// Keeps layers further out from answering again.
    pub(crate) fn close(&mut self) {
        self.0.stage = Stage::Final;
    }

    /// Replaces the response that carried this rejection by `answer`. Headers that middleware in between has added
    /// stay; those that described the replaced body go.
    pub(crate) fn settle(mut self, answer: OwnResponse, former: Option<Parts>) -> OwnResponse {
        let (mut parts, body) = answer.into_parts();
        if let Some(former) = former {
            let mut headers = former.headers;
            for name in headers
                .keys()
                .filter(|name| describes_a_body(name))
                .cloned()
                .collect::<Vec<_>>()
            {
                headers.remove(name);
            }
            for name in parts.headers.keys().filter(|name| **name != SET_COOKIE) {
                headers.remove(name);
            }
            headers.extend(
                parts
                    .headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
            parts.headers = headers;
            let ours = std::mem::replace(&mut parts.extensions, former.extensions);
            parts.extensions.extend(ours);
        }
        if self.0.stage != Stage::Final {
            self.0.stage = Stage::Answered;
        }
        parts.extensions.insert(self);
        Response::from_parts(parts, body)
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Debug output shows only the path of the target: a query may carry anything.
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("reason", &self.reason)
            .field("reader", &self.reader)
            .field("identity", &self.identity_name)
            .field("target", &self.target.as_ref().map(PathAndQuery::path))
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// A copy is not on its way to a layer.
impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            reason: self.reason.clone(),
            reader: self.reader,
            identity: self.identity,
            identity_name: self.identity_name,
            origins: self.origins.clone(),
            target: self.target.clone(),
            stage: if self.stage == Stage::Unanswered {
                Stage::New
            } else {
                self.stage
            },
        }
    }
}

/// A response that is dropped before a layer has answered its rejection shows that the layer is missing or misplaced:
/// nothing else can know it, because the layer is not there.
impl Drop for Inner {
    fn drop(&mut self) {
        if self.stage == Stage::Unanswered && matches!(self.reason, Reason::LoginRequired) {
            missing_layer::report(self.identity, self.identity_name);
        }
    }
}

fn describes_a_body(name: &HeaderName) -> bool {
    let others = [
        ETAG,
        LAST_MODIFIED,
        TRANSFER_ENCODING,
        GRPC_STATUS,
        GRPC_MESSAGE,
    ];
    name.as_str().starts_with("content-") || others.contains(name)
}
