//! The first half of a login: from here to the provider.

use http::HeaderMap;

use super::flow::End;
use super::return_to::ReturnTo;
use super::shared::{Shared, Visit};
use super::state::{Attempt, State};
use crate::cookie::SetCookies;
use crate::error::Error;
use crate::meter;
use crate::provider::IdentityProvider;
use crate::response::{GeneratedResponse, PageLinks, Rejection, see_other};
use crate::store::SessionStore;
use crate::trace::debug;

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// The login endpoint.
    pub(super) async fn login(&self, visit: &Visit) -> Result<GeneratedResponse, Error> {
        let (facts, target) = (
            visit.facts(),
            self.settings.return_to(visit.query.as_deref()),
        );
        if facts.cannot_follow_redirect() {
            let links = PageLinks {
                login: Some(self.settings.login_url(&target)),
                ..PageLinks::default()
            };
            let rejection = Rejection::login_required::<P::Identity>(&visit.method, &visit.headers);
            return Ok(rejection.render(&self.settings.pages, &links));
        }
        if !self.provider.supports(facts.user_agent) {
            return Ok(self.elsewhere(facts, &target));
        }
        self.begin(
            &target,
            Attempt::First,
            &visit.headers,
            SetCookies::new(self.settings.cookies),
        )
        .await
    }

    /// The login that a refusal has led to.
    pub(super) async fn log_in_first(
        &self,
        rejection: &Rejection,
        target: &ReturnTo,
    ) -> GeneratedResponse {
        // One that nobody asked for has just failed: it counts, so that no chain of failures gets longer.
        let has_failed = self
            .settings
            .flows
            .last_ended(rejection.kept_headers().headers())
            == Some(End::InVain);
        let attempt = if has_failed {
            Attempt::Second
        } else {
            Attempt::First
        };
        let cookies = SetCookies::new(self.settings.cookies);
        let begun = self
            .begin(target, attempt, rejection.kept_headers().headers(), cookies)
            .await;
        begun.unwrap_or_else(|error| self.broken(rejection.facts(), error))
    }

    /// The login of a stranger who has not asked for it; `None` if it cannot begin.
    pub(super) async fn log_in_silently(
        &self,
        target: &ReturnTo,
        headers: &HeaderMap,
    ) -> Option<GeneratedResponse> {
        let mut cookies = SetCookies::new(self.settings.cookies);
        let begun = match self.settings.flows.tried(&mut cookies) {
            Ok(()) => self.begin(target, Attempt::Silent, headers, cookies).await,
            Err(error) => Err(error),
        };
        // The page is there for strangers as well.
        begun
            .inspect_err(|error| debug!(error = %error.report(), "no login without being asked"))
            .ok()
    }

    /// Sends the browser to the provider. Nothing is kept here: the flow is in the browser's cookie. The response also
    /// carries the `cookies` of the caller.
    pub(super) async fn begin(
        &self,
        target: &ReturnTo,
        attempt: Attempt,
        headers: &HeaderMap,
        mut cookies: SetCookies,
    ) -> Result<GeneratedResponse, Error> {
        let Self {
            provider,
            settings,
            resolver,
            ..
        } = self;
        let state = State::begin(attempt, resolver.clock.wall())?;
        settings.flows.begin(
            &settings.keys.flow,
            &state,
            target,
            &settings.default_target,
            headers,
            &mut cookies,
        )?;
        let url = provider
            .authorize_url(&settings.redirect_uri, &state.encode(&settings.keys.state))
            .await?;
        let mut response = see_other(&url)?;
        cookies.append_to(response.headers_mut());
        meter::login_begun(provider.name());
        debug!(provider = %provider.name(), attempt = ?attempt, "login begins");
        Ok(response)
    }
}
