//! The responses to rejected requests.

use http::uri::PathAndQuery;

use super::flow::LastResult;
use super::forwarded_request::ForwardedRequest;
use super::inner::Inner;
use super::return_to::ReturnTo;
use crate::provider::IdentityProvider;
use crate::request::RequestKind;
use crate::response::{
    GeneratedResponse, PageLinks, Reason, Rejection, prefetch_unavailable, see_other,
};
use crate::trace::{debug, warn};

/// The resolution of a rejection.
pub(super) enum Resolution {
    Response(GeneratedResponse),
    /// A login that leads back to this target.
    Login(ReturnTo),
}

impl<P: IdentityProvider, St> Inner<P, St> {
    /// Decides the response: a redirect for a top-level navigation, a page for another request of a
    /// user, a short response for the rest.
    pub(super) fn resolve(&self, rejection: &Rejection, request: &ForwardedRequest) -> Resolution {
        let (endpoints, facts) = (&self.endpoints, rejection.facts());
        let target = || {
            let target = self.return_to(rejection, request);
            target.unwrap_or_else(|| endpoints.default_target().clone())
        };
        match (rejection.reason(), facts.kind) {
            (Reason::LoginRequired | Reason::RecentLoginRequired, RequestKind::Prefetch) => {
                Resolution::Response(prefetch_unavailable())
            }
            (
                reason @ (Reason::LoginRequired | Reason::RecentLoginRequired),
                RequestKind::Navigation,
            ) => {
                if !self.provider.supports(facts.user_agent) {
                    // To the login endpoint, which shows the page about WeChat: its address can be
                    // passed on.
                    let redirect = see_other(&endpoints.login_url(&target()));
                    let failure = |error| self.failure(facts, error);
                    return Resolution::Response(redirect.unwrap_or_else(failure));
                }
                let headers = rejection.kept_headers().headers();
                if self.flows.markers().last_result(headers) == Some(LastResult::LoggedIn) {
                    if matches!(reason, Reason::RecentLoginRequired) {
                        self.report_old_session();
                        return Resolution::Response(self.reject(rejection, request));
                    }
                    // The browser rejects the session cookie, or another instance does not know the
                    // session. Another login would have the same result.
                    return Resolution::Response(self.cookies_blocked(facts, Some(&target())));
                }
                Resolution::Login(target())
            }
            (Reason::Unbound { bind_page }, RequestKind::Navigation | RequestKind::Frame)
                if facts.is_safe =>
            {
                let url = endpoints.bind_url(bind_page, &target());
                let redirect = url.and_then(|url| see_other(&url).ok());
                Resolution::Response(redirect.unwrap_or_else(|| {
                    self.report_bind_page(bind_page);
                    self.reject(rejection, request)
                }))
            }
            _ => Resolution::Response(self.reject(rejection, request)),
        }
    }

    fn report_old_session(&self) {
        if let Some(suppressed) = self.limits.old_session.admit(self.sessions.clock.now()) {
            warn!(
                provider = %self.provider.name(),
                suppressed = %suppressed,
                "guard: right after a login the session is still older than `max_age`; the user gets a page instead of \
                 another login. Many visitors: the clocks of the instances differ; synchronize them (NTP)"
            );
        }
    }

    fn report_bind_page(&self, bind_page: &str) {
        if let Some(suppressed) = self.limits.bind_page.admit(self.sessions.clock.now()) {
            warn!(
                page = %bind_page,
                suppressed = %suppressed,
                "guard: the page that links an account is not of this site, or requires the account itself; the \
                 response is 403"
            );
        }
    }

    /// Returns the response without a redirect.
    fn reject(&self, rejection: &Rejection, request: &ForwardedRequest) -> GeneratedResponse {
        let (endpoints, facts) = (&self.endpoints, rejection.facts());
        let default_target = endpoints.default_target();
        let return_to = self.return_to(rejection, request);
        let target = return_to.as_ref().unwrap_or(default_target);
        let bind = match rejection.reason() {
            Reason::Unbound { bind_page } if return_to.is_some() || facts.kind.is_shown() => {
                endpoints.bind_url(bind_page, target)
            }
            _ => None,
        };
        let is_from_other_site = facts.kind == RequestKind::Form
            && rejection.kept_headers().is_cross_site(&endpoints.origin);
        let same_page = is_from_other_site.then(|| {
            let requested = self.requested_target(rejection, request);
            let page = requested.as_ref().unwrap_or(default_target);
            page.as_str().to_owned()
        });
        let links = PageLinks {
            login: Some(endpoints.login_url(target)),
            home: Some(self.home.clone()),
            bind,
            same_page,
        };
        rejection.render(&self.pages, &links)
    }

    /// The page that a login leads back to. The target of a script or of a form is no page; the
    /// page that sent it is.
    fn return_to(&self, rejection: &Rejection, request: &ForwardedRequest) -> Option<ReturnTo> {
        let facts = rejection.facts();
        if facts.is_safe && facts.kind.is_shown() {
            return self.requested_target(rejection, request);
        }
        self.referring_page(rejection)
    }

    /// The checked page of this site that sent the request.
    pub(super) fn referring_page(&self, rejection: &Rejection) -> Option<ReturnTo> {
        let mut pages = rejection.kept_headers().referring_pages();
        pages.find_map(|page| self.endpoints.rules.check_page(page))
    }

    /// The checked target of the request itself.
    fn requested_target(
        &self,
        rejection: &Rejection,
        request: &ForwardedRequest,
    ) -> Option<ReturnTo> {
        let path_length = request.path_length.into();
        let target = request.target.as_ref().or_else(|| {
            let target = rejection.target(path_length);
            if target.is_none() {
                debug!(
                    "login: return target unknown: a router has shortened the path (`nest`); default target used"
                );
            }
            target
        })?;
        self.visited(target, path_length)
    }

    /// Returns the checked target of a request as the browser sees it. `target` is that of the
    /// request before any router shortened it, and `path_length` that of its path here.
    pub(super) fn visited(&self, target: &PathAndQuery, path_length: usize) -> Option<ReturnTo> {
        let rules = &self.endpoints.rules;
        if target.path().len() == path_length {
            return rules.check_requested(target.as_str());
        }
        self.observe_nest(target.path(), path_length);
        rules.check_argument(target.as_str())
    }
}
