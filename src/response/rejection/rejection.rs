use std::any::{TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use http::response::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request};

use super::{Reason, missing_layer};
use crate::error::Error;
use crate::request::{KeptHeaders, Language, RequestFacts, RequestKind, full_uri};

/// A rejection of a request, with its reason. It is in the extensions of the response.
///
/// A guard or an extractor creates it, and the layer of the same identity outside it turns it into
/// the response: a [`LoginLayer`](crate::login::LoginLayer) redirects a navigation to the login,
/// and responds to a script with `401`.
///
/// A guard of the application does the same:
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
pub struct Rejection(pub(super) Box<Inner>);

pub(super) struct Inner {
    pub(super) reason: Reason,
    pub(super) facts: RequestFacts,
    identity: TypeId,
    pub(super) identity_name: &'static str,
    kept_headers: KeptHeaders,
    /// The target as the guard saw it, or before a router of axum shortened it.
    target: Option<PathAndQuery>,
    pub(super) handled_by: HandledBy,
    /// The response that carried this rejection, as middleware left it; its body is dropped.
    pub(super) carrier: Option<Parts>,
}

/// The outermost component that has handled a rejection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HandledBy {
    /// No response carries it.
    Nothing,
    /// A guard or an extractor: no layer has seen it yet.
    Guard,
    /// A layer without a login; a login layer outside it replaces the response.
    AuthenticateLayer,
    /// A login layer: the response is final.
    LoginLayer,
}

impl Rejection {
    /// Rejects an unauthenticated request with this method and these headers: a login as `I` is
    /// required.
    #[must_use]
    pub fn login_required<I: 'static>(method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::LoginRequired, method, headers)
    }

    /// Rejects a request with this method and these headers whose session with the identity `I` is
    /// too old: a new login is required, see [`GuardLayer::max_age`](crate::guard::GuardLayer::max_age).
    #[must_use]
    pub fn recent_login_required<I: 'static>(method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::RecentLoginRequired, method, headers)
    }

    /// Rejects a request with this method and these headers that its identity `I` is not allowed to
    /// send.
    #[must_use]
    pub fn forbidden<I: 'static>(method: &Method, headers: &HeaderMap) -> Self {
        Self::new::<I>(Reason::Forbidden, method, headers)
    }

    /// Rejects a request with this method and these headers that needs a linked account, which its
    /// identity `I` does not have. `bind_page` is the path of the application's page where the user
    /// links one.
    #[must_use]
    pub fn unbound<I: 'static>(
        bind_page: impl Into<Arc<str>>,
        method: &Method,
        headers: &HeaderMap,
    ) -> Self {
        let bind_page = bind_page.into();
        Self::new::<I>(Reason::Unbound { bind_page }, method, headers)
    }

    pub(crate) fn unavailable<I: 'static>(
        error: Error,
        method: &Method,
        headers: &HeaderMap,
    ) -> Self {
        Self::new::<I>(Reason::Unavailable(error), method, headers)
    }

    pub(crate) fn new<I: 'static>(reason: Reason, method: &Method, headers: &HeaderMap) -> Self {
        Self(Box::new(Inner {
            reason,
            facts: RequestFacts::of(method, headers),
            identity: TypeId::of::<I>(),
            identity_name: type_name::<I>(),
            kept_headers: KeptHeaders::of(headers),
            target: None,
            handled_by: HandledBy::Nothing,
            carrier: None,
        }))
    }

    /// Adds the target of the request. A router other than axum's may have shortened it.
    pub(crate) fn with_target<B>(mut self, request: &Request<B>) -> Self {
        let uri = full_uri(request.uri(), request.extensions());
        self.0.target = uri.path_and_query().cloned();
        self
    }

    /// Returns the reason.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// Returns the kind of the request.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.0.facts.kind
    }

    /// Returns the language for a page.
    #[must_use]
    pub fn language(&self) -> Language {
        self.0.facts.language
    }

    /// Whether the identity in question is `I`.
    #[must_use]
    pub fn is_about<I: 'static>(&self) -> bool {
        self.0.identity == TypeId::of::<I>()
    }

    pub(crate) fn kept_headers(&self) -> &KeptHeaders {
        &self.0.kept_headers
    }

    pub(crate) fn facts(&self) -> RequestFacts {
        self.0.facts
    }

    /// Returns the target, if its path has the length that the request had at the login layer: a
    /// router that nests removes a prefix.
    pub(crate) fn target(&self, path_length: usize) -> Option<&PathAndQuery> {
        self.0
            .target
            .as_ref()
            .filter(|target| target.path().len() == path_length)
    }

    #[inline]
    pub(super) fn handled_by(&self) -> HandledBy {
        self.0.handled_by
    }

    pub(crate) fn set_handled_by(&mut self, component: HandledBy) {
        self.0.handled_by = component;
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Debug output shows only the path of the target: the query may contain personal data.
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("reason", &self.reason)
            .field("facts", &self.facts)
            .field("identity", &self.identity_name)
            .field("target", &self.target.as_ref().map(PathAndQuery::path))
            .field("handled_by", &self.handled_by)
            .finish_non_exhaustive()
    }
}

/// No response carries a copy that is made before a layer has handled the rejection.
impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            reason: self.reason.clone(),
            facts: self.facts,
            identity: self.identity,
            identity_name: self.identity_name,
            kept_headers: self.kept_headers.clone(),
            target: self.target.clone(),
            handled_by: match self.handled_by {
                HandledBy::Guard => HandledBy::Nothing,
                other => other,
            },
            carrier: None,
        }
    }
}

/// A response that is dropped before a layer has handled its rejection shows that the layer is
/// missing or misplaced: no other component can detect that.
impl Drop for Inner {
    fn drop(&mut self) {
        if self.handled_by == HandledBy::Guard && matches!(self.reason, Reason::LoginRequired) {
            missing_layer::report(self.identity, self.identity_name);
        }
    }
}
