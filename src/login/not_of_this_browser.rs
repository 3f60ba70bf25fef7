//! Callbacks whose state is authentic, but too old or without the flow cookie of this browser.

use super::callback::CodeParameter;
use super::endpoint_request::EndpointRequest;
use super::exchange::Exchange;
use super::flow::{LastResult, State};
use super::inner::Inner;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::response::{GeneratedResponse, PageKind};
use crate::store::SessionStore;
use crate::trace::info;

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Returns the response to a callback whose state is not bound to this browser. No code is
    /// exchanged.
    pub(super) async fn not_of_this_browser(
        &self,
        request: &EndpointRequest,
        state: &State,
        known: Option<Exchange>,
        code: CodeParameter,
    ) -> Result<GeneratedResponse, Error> {
        let default_target = self.endpoints.default_target();
        if let Some(session) = self.sessions.session(&request.headers).await? {
            // Most likely the back button: the user is authenticated, so a page about invalid links
            // would be wrong.
            let own = known
                .and_then(|exchange| exchange.logged_in())
                .filter(|(salt, _)| self.exchanges.session_id(state, salt) == *session.id());
            let target = own.as_ref().map_or(default_target, |(_, target)| target);
            let mut response = self.endpoints.redirect_back(target)?;
            if state.replaced.is_some() && own.is_none() {
                // The login has not replaced the session. If a guard finds it too old, the next
                // login would have the same result.
                let mut cookies = self.set_cookies();
                let markers = self.flows.markers();
                markers.set_last_result(LastResult::LoggedIn, &mut cookies)?;
                cookies.append_to(response.headers_mut());
            }
            return Ok(response);
        }
        let is_fresh = known.is_none() && state.is_fresh(self.sessions.clock.wall());
        if !is_fresh || matches!(code, CodeParameter::Invalid) {
            return Ok(self.invalid_link(request));
        }
        if let Some(response) = self.failed_silently(request, state, default_target)? {
            return Ok(response);
        }
        match (code, state.attempt.next()) {
            (CodeParameter::Value(_), Some(attempt)) => {
                if let Some(suppressed) = self.limits.restarts.admit(self.sessions.clock.now()) {
                    info!(
                        provider = %self.provider.name(),
                        suppressed = %suppressed,
                        "login: callback without its flow cookie; the login restarts once"
                    );
                }
                let cookies = self.set_cookies();
                let browser = self.same_browser(state, &request.headers);
                self.begin(default_target, attempt, browser, cookies).await
            }
            (CodeParameter::Value(_), None) => Ok(self.cookies_blocked(request.facts(), None)),
            (CodeParameter::Absent | CodeParameter::Invalid, _) => {
                Ok(self.page(request.facts(), PageKind::Declined, None))
            }
        }
    }
}
