//! The end of a session.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::HeaderMap;
use http::header::{HeaderName, ORIGIN};

use super::shared::{Endpoint, Shared, Visit};
use crate::cookie::SetCookies;
use crate::error::{Error, ErrorKind};
use crate::meter;
use crate::provider::IdentityProvider;
use crate::response::{GeneratedResponse, PageKind, see_other};
use crate::store::SessionStore;
use crate::trace::{in_current_span, info};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Runs the logout endpoint in a task of its own, which ends the session also if the returned future is dropped
    /// (rule S4).
    ///
    /// The task starts in this call and not at the first poll: hyper drops the future without a poll if the client
    /// closes the connection right after the request.
    pub(super) fn start_logout(
        self: Arc<Self>,
        visit: Visit,
    ) -> impl Future<Output = GeneratedResponse> + Send + 'static {
        let facts = visit.facts();
        let task = tokio::spawn(in_current_span(
            Arc::clone(&self).visit(Endpoint::Logout, visit),
        ));
        async move {
            task.await.unwrap_or_else(|error| {
                let error =
                    Error::new(ErrorKind::Internal, "the logout was abandoned").with_source(error);
                self.broken(facts, error)
            })
        }
    }

    /// The logout endpoint.
    pub(super) async fn logout(&self, visit: &Visit) -> Result<GeneratedResponse, Error> {
        if !is_same_origin(&visit.headers, &self.settings.origin) {
            return Ok(self.page(visit.facts(), PageKind::CrossSite, None));
        }
        if let Some(id) = self.resolver.id(&visit.headers) {
            self.resolver.remove(&id).await?;
            meter::logged_out(self.provider.name());
            info!(provider = %self.provider.name(), "logged out");
        }
        let settings = &self.settings;
        let mut response = see_other(settings.return_to(visit.query.as_deref()).as_str())?;
        let mut cookies = SetCookies::new(settings.cookies);
        cookies.delete(self.resolver.cookie.as_str())?;
        settings.flows.mark_logout(&mut cookies)?;
        // The back button must not log in again.
        settings
            .flows
            .end_all(self.resolver.clock.now(), &visit.headers, &mut cookies)?;
        // Nor shall the next page.
        if self.is_auto.load(Ordering::Relaxed) {
            settings.flows.tried(&mut cookies)?;
        }
        cookies.append_to(response.headers_mut());
        Ok(response)
    }
}

/// Whether a page of this site sent the form.
///
/// `Origin` is `null` where a site forbids referrers (Fetch §3.2), so `Sec-Fetch-Site` has to speak for it
/// then. A client that sends neither is not a browser of today; the session cookie is `Lax` and does not come
/// with a form of another site anyway.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let site = headers
        .get(SEC_FETCH_SITE)
        .map(|site| site == "same-origin");
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
            assert_eq!(
                is_same_origin(&headers, "https://campus.example"),
                expected,
                "{origin:?} {site:?}"
            );
        }
    }
}
