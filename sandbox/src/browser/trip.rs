//! One request of a browser, and what redirects make of it.

use bytes::Bytes;
use http::{Method, StatusCode};
use url::Url;

use super::jar::Context;
use super::site::same_site;

/// Somebody wants to go somewhere.
pub(super) struct Trip {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Bytes,
    /// The page that wants it; `None` for the address bar.
    pub(super) initiator: Option<Url>,
    pub(super) fetch: bool,
    pub(super) follow: bool,
}

impl Trip {
    /// Typed into the address bar.
    pub(super) const fn to(method: Method, url: Url) -> Self {
        Self { method, url, body: Bytes::new(), initiator: None, fetch: false, follow: true }
    }

    /// The next request of the chain, as the Fetch standard makes it.
    pub(super) fn redirect(&mut self, status: StatusCode, mut next: Url) {
        let post_to_get =
            matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND) && self.method == Method::POST;
        if post_to_get || status == StatusCode::SEE_OTHER {
            self.method = Method::GET;
            self.body = Bytes::new();
        }
        if next.fragment().is_none() {
            next.set_fragment(self.url.fragment());
        }
        self.url = next;
    }

    /// What `SameSite` sees of the chain so far.
    pub(super) fn context(&self, chain: &[Url]) -> Context {
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

    /// The `Origin` header; opaque once a foreign origin had its hand in the redirects.
    pub(super) fn origin(&self, chain: &[Url]) -> String {
        let first = chain.first().map(Url::origin);
        let straight = chain.iter().all(|url| Some(url.origin()) == first);
        match &self.initiator {
            Some(initiator) if straight => initiator.origin().ascii_serialization(),
            _ => "null".to_owned(),
        }
    }
}
