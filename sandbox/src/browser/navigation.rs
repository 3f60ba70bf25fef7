//! Navigation: a request of the browser, and its changes by redirects.

use bytes::Bytes;
use http::{Method, StatusCode};
use url::Url;

use super::cookie_jar::Context;
use super::site::same_site;

/// Request of a page, a form or a script.
pub(crate) struct Navigation {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Bytes,
    /// The page that makes the request; `None` for the address bar.
    pub(crate) initiator: Option<Url>,
    /// Whether a script makes the request.
    pub(crate) fetch: bool,
    /// Whether redirects are followed.
    pub(crate) follow: bool,
}

impl Navigation {
    /// Returns the navigation to an address that was typed into the address bar.
    pub(crate) const fn to(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            body: Bytes::new(),
            initiator: None,
            fetch: false,
            follow: true,
        }
    }

    /// Changes it to the next request of the chain, as in the Fetch standard.
    pub(crate) fn redirect(&mut self, status: StatusCode, mut next: Url) {
        let post_to_get = matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND)
            && self.method == Method::POST;
        if post_to_get || status == StatusCode::SEE_OTHER {
            self.method = Method::GET;
            self.body = Bytes::new();
        }
        if next.fragment().is_none() {
            next.set_fragment(self.url.fragment());
        }
        self.url = next;
    }

    /// Returns the context for `SameSite` after the chain so far.
    pub(crate) fn context(&self, chain: &[Url]) -> Context {
        let begins = self.initiator.as_ref().or_else(|| chain.first());
        let foreign = |begin: &Url| chain.iter().any(|url| !same_site(begin, url));
        if !begins.is_some_and(foreign) {
            Context::SameSite
        } else if self.method == Method::GET && !self.fetch {
            Context::CrossSiteVisit
        } else {
            Context::CrossSite
        }
    }

    /// Returns the `Origin` header; opaque after a redirect by another origin.
    pub(crate) fn origin(&self, chain: &[Url]) -> String {
        let first = chain.first().map(Url::origin);
        let straight = chain.iter().all(|url| Some(url.origin()) == first);
        match &self.initiator {
            Some(initiator) if straight => initiator.origin().ascii_serialization(),
            _ => "null".to_owned(),
        }
    }
}
