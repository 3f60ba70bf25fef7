//! The first half of a login: from the application to the provider.

use super::browser::Browser;
use super::endpoint_request::EndpointRequest;
use super::flow::{Attempt, LastResult, State};
use super::inner::Inner;
use super::return_to::ReturnTo;
use crate::cookie::SetCookies;
use crate::error::Error;
use crate::meter;
use crate::provider::{AuthorizeRequest, IdentityProvider};
use crate::response::{GeneratedResponse, PageLinks, Reason, Rejection, see_other};
use crate::store::SessionStore;
use crate::trace::debug;

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Responds to a request to the login endpoint.
    pub(super) async fn login(
        &self,
        request: &EndpointRequest,
    ) -> Result<GeneratedResponse, Error> {
        let facts = request.facts();
        let target = self.endpoints.return_to(request.query.as_deref());
        if facts.cannot_follow_redirect() {
            let links = PageLinks {
                login: Some(self.endpoints.login_url(&target)),
                ..PageLinks::default()
            };
            let rejection =
                Rejection::login_required::<P::Identity>(&request.method, &request.headers);
            return Ok(rejection.render(&self.pages, &links));
        }
        if !self.provider.supports(facts.user_agent) {
            return Ok(self.open_in_wechat(facts, &target));
        }
        let cookies = self.set_cookies();
        let browser = Browser {
            headers: &request.headers,
            user_agent: facts.user_agent,
            // A cookie whose session cannot be looked up may belong to a live one.
            session: match self.sessions.session(&request.headers).await {
                Ok(session) => session.map(|session| *session.id()),
                Err(_) => self.sessions.id(&request.headers),
            },
        };
        self.begin(&target, Attempt::First, browser, cookies).await
    }

    /// Begins the login that a rejection requires.
    pub(super) async fn begin_for(
        &self,
        rejection: &Rejection,
        target: &ReturnTo,
    ) -> GeneratedResponse {
        let headers = rejection.kept_headers().headers();
        // A silent login that has just failed counts, so that no chain of failures gets longer.
        let attempt = match self.flows.markers().last_result(headers) {
            Some(LastResult::FailedSilently) => Attempt::Second,
            Some(LastResult::LoggedIn) | None => Attempt::First,
        };
        let browser = Browser {
            headers,
            user_agent: rejection.facts().user_agent,
            session: match rejection.reason() {
                Reason::RecentLoginRequired => self.sessions.id(headers),
                _ => None,
            },
        };
        let begun = self.begin(target, attempt, browser, self.set_cookies());
        let begun = begun.await;
        begun.unwrap_or_else(|error| self.failure(rejection.facts(), error))
    }

    /// Begins the silent login of a visitor; `None` if it cannot begin.
    pub(super) async fn begin_silently(
        &self,
        target: &ReturnTo,
        browser: Browser<'_>,
    ) -> Option<GeneratedResponse> {
        let mut cookies = self.set_cookies();
        let begun = match self.flows.markers().set_silent_attempted(&mut cookies) {
            Ok(()) => self.begin(target, Attempt::Silent, browser, cookies).await,
            Err(error) => Err(error),
        };
        // Anonymous visitors see the page as well.
        begun
            .inspect_err(|error| debug!(error = %error.report(), "login: silent login cannot begin; the page is served to an anonymous visitor"))
            .ok()
    }

    /// Sends the browser to the provider. The flow is in the browser's cookie, and nothing is kept
    /// here. The response also carries the `cookies` of the caller.
    pub(super) async fn begin(
        &self,
        target: &ReturnTo,
        attempt: Attempt,
        browser: Browser<'_>,
        mut cookies: SetCookies,
    ) -> Result<GeneratedResponse, Error> {
        let (wall, default_target) = (self.sessions.clock.wall(), self.endpoints.default_target());
        let state = self.flows.begin(
            State::new(attempt, wall)?,
            browser.session.as_ref(),
            target,
            default_target,
            browser.headers,
            &mut cookies,
        )?;
        let request = AuthorizeRequest {
            redirect_uri: &self.endpoints.redirect_uri,
            state: &state,
            user_agent: browser.user_agent,
            fresh_login: browser.session.is_some(),
        };
        let url = self.provider.authorize_url(request).await?;
        let mut response = see_other(&url)?;
        cookies.append_to(response.headers_mut());
        self.observe_begin();
        meter::login_begun(self.source());
        debug!(provider = %self.provider.name(), attempt = ?attempt, "login: redirect to the provider");
        Ok(response)
    }
}
