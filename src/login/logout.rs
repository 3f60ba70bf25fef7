//! The end of a session.

use std::sync::atomic::Ordering;

use http::HeaderMap;
use http::header::{HeaderName, ORIGIN, SET_COOKIE};

use super::shared::{Shared, Visit};
use crate::answer::{OwnResponse, PageKind, see_other};
use crate::error::Error;
use crate::meter;
use crate::provider::IdentityProvider;
use crate::store::SessionStore;
use crate::trace::info;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// The logout endpoint.
    pub(super) async fn logout(&self, visit: &Visit) -> Result<OwnResponse, Error> {
        if !is_same_origin(&visit.headers, &self.settings.origin) {
            return Ok(self.page(visit.reader(), PageKind::CrossSite, None));
        }
        if let Some(id) = self.resolver.id(&visit.headers) {
            self.resolver.remove(&id).await?;
            meter::logged_out(self.provider.name());
            info!(provider = %self.provider.name(), "logged out");
        }
        let settings = &self.settings;
        let mut response = see_other(settings.return_to(visit.query.as_deref()).as_str())?;
        let headers = response.headers_mut();
        headers.append(SET_COOKIE, settings.cookies.delete(self.resolver.cookie.as_str())?);
        // The back button must not log in again.
        for cookie in settings.flows.end_all(&visit.headers)? {
            headers.append(SET_COOKIE, cookie);
        }
        // Nor shall the next page.
        if self.is_auto.load(Ordering::Relaxed) {
            headers.append(SET_COOKIE, settings.flows.tried()?);
        }
        Ok(response)
    }
}

/// Whether a page of this site sent the form.
///
/// `Origin` is `null` where a site forbids referrers (Fetch §3.2), so `Sec-Fetch-Site` has to speak for it
/// then. A client that sends neither is not a browser of today; the session cookie is `Lax` and does not come
/// with a form of another site anyway.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let site = headers.get(SEC_FETCH_SITE).map(|site| site == "same-origin");
    match headers.get(ORIGIN) {
        Some(given) if given == "null" => site == Some(true),
        Some(given) => given == origin && site != Some(false),
        None => site != Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_this_site_logs_out() {
        let cases = [
            (None, None, true),
            (Some("https://campus.example"), None, true),
            (Some("https://campus.example"), Some("same-origin"), true),
            (Some("null"), Some("same-origin"), true),
            (None, Some("same-origin"), true),
            (Some("null"), None, false),
            (Some("null"), Some("cross-site"), false),
            (Some("https://evil.example"), None, false),
            (Some("https://evil.example"), Some("same-origin"), false),
            (Some("http://campus.example"), None, false),
            (Some("https://campus.example:8443"), None, false),
            (Some("https://campus.example.evil.example"), None, false),
            (Some("https://campus.example"), Some("cross-site"), false),
            (None, Some("same-site"), false),
        ];
        for (origin, site, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.extend(origin.map(|value| (ORIGIN, value.parse().unwrap())));
            headers.extend(site.map(|value| (SEC_FETCH_SITE, value.parse().unwrap())));
            assert_eq!(is_same_origin(&headers, "https://campus.example"), expected, "{origin:?} {site:?}");
        }
    }
}
