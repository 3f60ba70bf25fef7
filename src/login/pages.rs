//! Pages for logins that cannot continue.

use super::inner::Inner;
use super::return_to::ReturnTo;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::request::RequestFacts;
use crate::response::{GeneratedResponse, Page, PageKind};
use crate::trace::{debug, warn};

impl<P: IdentityProvider, St> Inner<P, St> {
    /// A page with a link that begins the login again, and one to the home page.
    pub(super) fn page(
        &self,
        facts: RequestFacts,
        kind: PageKind,
        target: Option<&ReturnTo>,
    ) -> GeneratedResponse {
        let page = self.with_links(Page::new(kind, facts.language), target);
        self.pages.respond_to(facts.kind, &page)
    }

    /// The page about an error.
    pub(super) fn error_page(
        &self,
        facts: RequestFacts,
        kind: PageKind,
        error: &Error,
        target: Option<&ReturnTo>,
    ) -> GeneratedResponse {
        let page = Page::new(kind, facts.language).with_error(error.clone());
        self.pages
            .respond_to(facts.kind, &self.with_links(page, target))
    }

    fn with_links(&self, page: Page, target: Option<&ReturnTo>) -> Page {
        let endpoints = &self.endpoints;
        let default_target = endpoints.default_target();
        page.with_retry(endpoints.login_url(target.unwrap_or(default_target)))
            .with_home(self.home.clone())
    }

    /// The page that says that the browser lost a cookie.
    pub(super) fn cookies_blocked(
        &self,
        facts: RequestFacts,
        target: Option<&ReturnTo>,
    ) -> GeneratedResponse {
        self.report_lost_cookie();
        self.page(facts, PageKind::CookiesBlocked, target)
    }

    /// Logs the likely causes of a lost cookie.
    pub(super) fn report_lost_cookie(&self) {
        if let Some(suppressed) = self.limits.lost_cookies.admit(self.sessions.clock.now()) {
            warn!(
                provider = %self.provider.name(),
                suppressed = %suppressed,
                "login: a cookie of the login or of its session did not come back, or this instance does not know the \
                 session; the user gets a page instead of a redirect. One visitor: the browser blocks cookies. Many visitors: a proxy drops \
                 `Set-Cookie`, browsers use another address than `public_url`, or instances do not share a session \
                 store"
            );
        }
    }

    /// The page that says that the login works in WeChat only, and how to continue there.
    pub(super) fn open_in_wechat(
        &self,
        facts: RequestFacts,
        target: &ReturnTo,
    ) -> GeneratedResponse {
        let endpoints = &self.endpoints;
        let page = |target: &ReturnTo| {
            let address = format!("{}{}", endpoints.origin, endpoints.login_url(target));
            Page::new(PageKind::OpenInWechat, facts.language).with_address(address)
        };
        // A target may be too long for a QR code.
        let page = Some(page(target))
            .filter(|page| page.qr_code().is_some())
            .unwrap_or_else(|| {
                debug!(
                    "login: return target dropped: it is too long for a QR code; default target used"
                );
                page(endpoints.default_target())
            });
        self.pages.respond_to(facts.kind, &page)
    }

    /// Returns the response when a dependency fails: the store, the system's randomness, or the
    /// address of the provider.
    pub(super) fn failure(&self, facts: RequestFacts, error: Error) -> GeneratedResponse {
        if let Some(suppressed) = self.limits.failures.admit(self.sessions.clock.now()) {
            warn!(
                provider = %self.provider.name(),
                error = %error.report(),
                suppressed = %suppressed,
                "login: a dependency failed; the user gets an error page"
            );
        }
        let mut response = self.error_page(facts, PageKind::of(error.kind()), &error, None);
        response.extensions_mut().insert(error);
        response
    }
}
