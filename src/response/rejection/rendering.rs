//! The responses to a rejection.

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use serde_json::json as value;

use super::{HandledBy, Reason, Rejection, missing_layer};
use crate::request::RequestKind;
use crate::response::generated::{GeneratedResponse, json};
use crate::response::{Page, PageKind, PageLinks, Pages};

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

impl Rejection {
    /// Returns the response of a guard or an extractor.
    ///
    /// [`Reason::LoginRequired`] is `500` here and names the remedy: the layer of the identity
    /// turns it into a redirect or `401`, so clients get it only where that layer is missing or
    /// misplaced. An error event is logged then.
    #[must_use]
    pub fn into_response(mut self) -> GeneratedResponse {
        let mut response = match self.reason() {
            Reason::LoginRequired => {
                let message = missing_layer::message(self.0.identity_name);
                json(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &value!({ "error": "missing_layer", "message": message }),
                )
            }
            Reason::RecentLoginRequired
            | Reason::Forbidden
            | Reason::Unbound { .. }
            | Reason::Unavailable(_) => self.render(&Pages::default(), &PageLinks::default()),
        };
        self.set_handled_by(HandledBy::Guard);
        response.extensions_mut().insert(self);
        response
    }

    /// Returns the response where no login begins.
    pub(crate) fn render(&self, pages: &Pages, links: &PageLinks) -> GeneratedResponse {
        let facts = self.facts();
        let kind = self.page_kind(links);
        let link = match (self.reason(), facts.kind) {
            (Reason::LoginRequired | Reason::RecentLoginRequired, RequestKind::Script) => {
                links.login.as_deref().map(|url| ("login_url", url))
            }
            (Reason::Unbound { bind_page }, RequestKind::Script) => {
                Some(("bind_url", links.bind.as_deref().unwrap_or(bind_page)))
            }
            _ => None,
        };
        let Some((name, url)) = link else {
            let page = Page::new(kind, facts.language).with_links(links);
            return pages.respond_to(facts.kind, &page);
        };
        let mut response = json(kind.status(), &value!({ "error": kind.code(), name: url }));
        // Only to a checked URL: the page that links an account would otherwise be loaded again
        // from itself.
        let is_checked = [&links.login, &links.bind]
            .into_iter()
            .any(|link| link.as_deref() == Some(url));
        if let Ok(url) = HeaderValue::from_str(url)
            && facts.is_htmx
            && is_checked
        {
            response.headers_mut().insert(HX_REDIRECT, url);
        }
        response
    }

    fn page_kind(&self, links: &PageLinks) -> PageKind {
        let asks_for_login = matches!(
            self.reason(),
            Reason::LoginRequired | Reason::RecentLoginRequired
        );
        match (self.reason(), self.kind()) {
            (_, RequestKind::Frame) if asks_for_login && links.login.is_some() => {
                PageKind::LoginInFrame
            }
            (_, RequestKind::Form) if asks_for_login && links.same_page.is_some() => {
                PageKind::ContinueFromOtherSite
            }
            (Reason::RecentLoginRequired, _) => PageKind::RecentLoginRequired,
            (Reason::LoginRequired, RequestKind::Form) => PageKind::LoginExpired,
            (Reason::LoginRequired, _) => PageKind::LoginRequired,
            (Reason::Forbidden, _) => PageKind::Forbidden,
            (Reason::Unbound { .. }, _) => PageKind::Unbound,
            (Reason::Unavailable(_), _) => PageKind::Unavailable,
        }
    }
}
