use std::sync::Arc;

use http::{HeaderMap, Method};
use tower_layer::Layer;

use super::SameOrigin;
use crate::error::ConfigError;
use crate::public_url::check_origin;
use crate::request::{RequestFacts, RequestKind, is_same_origin};
use crate::response::{GeneratedResponse, Page, PageKind, Pages};
use crate::trace::{debug, outside};

/// Wraps services in [`SameOrigin`]; see the [module](super).
#[derive(Clone, Debug)]
pub struct SameOriginLayer(Arc<Site>);

/// The origin whose pages may send state-changing requests, and the response to all others.
#[derive(Clone, Debug)]
pub(super) struct Site {
    origin: String,
    pages: Pages,
    home: Option<String>,
}

impl SameOriginLayer {
    /// Accepts pages of `origin`, `https://campus.example.edu.cn`. Plain http is accepted for
    /// loopback addresses and `localhost`.
    /// [`LoginLayer::same_origin`](crate::login::LoginLayer::same_origin) returns the layer for the
    /// origin of a login.
    ///
    /// # Errors
    /// If `origin` is no origin, or one without TLS.
    pub fn new(origin: &str) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        let origin = check_origin("origin", origin, true, &mut errors);
        ConfigError::check(errors)?;
        Ok(Self::with(origin, Pages::default(), None))
    }

    pub(crate) fn with(origin: String, pages: Pages, home: Option<String>) -> Self {
        Self(Arc::new(Site {
            origin,
            pages,
            home,
        }))
    }

    /// Sets the pages of rejected forms. Default: those of this crate. Their
    /// [`home`](Pages::home) has no effect here: it is checked against a login, whose
    /// [`same_origin`](crate::login::LoginLayer::same_origin) has it.
    #[must_use]
    pub fn pages(mut self, pages: Pages) -> Self {
        Arc::make_mut(&mut self.0).pages = pages;
        self
    }
}

impl Site {
    /// Whether a request may be processed.
    #[inline]
    pub(super) fn allows(&self, method: &Method, headers: &HeaderMap) -> bool {
        let is_checked = match *method {
            Method::GET => RequestKind::opens_websocket(headers),
            _ => !method.is_safe(),
        };
        !is_checked || is_same_origin(headers, &self.origin)
    }

    /// Slow path, outlined so that the common case can be inlined.
    #[cold]
    pub(super) fn reject(&self, method: &Method, headers: &HeaderMap) -> GeneratedResponse {
        debug!(
            requirement = %self.origin,
            method = %outside(method.as_str()),
            "same-origin: rejected: a page of another origin sent the request; for requests that other sites may send, \
             add the route outside this layer"
        );
        let facts = RequestFacts::of(method, headers);
        let page = Page::new(PageKind::CrossSite, facts.language);
        let page = match &self.home {
            Some(home) => page.with_home(home.clone()),
            None => page,
        };
        self.pages.respond_to(facts.kind, &page)
    }
}

impl<S> Layer<S> for SameOriginLayer {
    type Service = SameOrigin<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SameOrigin::new(inner, Arc::clone(&self.0))
    }
}
