//! The first half of a login: from here to the provider.

use http::HeaderMap;
use http::header::SET_COOKIE;

use super::return_to::ReturnTo;
use super::shared::{Shared, Visit};
use super::state::State;
use crate::answer::{OwnResponse, see_other};
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::trace::debug;

impl<P: IdentityProvider, St> Shared<P, St> {
    /// The login endpoint.
    pub(super) fn login(&self, visit: &Visit) -> Result<OwnResponse, Error> {
        self.begin(&self.settings.return_to(visit.query.as_deref()), 0, &visit.headers)
    }

    /// Sends the browser to the provider. Nothing is kept here: the flow is in the browser's cookie.
    pub(super) fn begin(&self, target: &ReturnTo, restarts: u8, headers: &HeaderMap) -> Result<OwnResponse, Error> {
        let Self { provider, settings, resolver, .. } = self;
        let state = State::begin(restarts, resolver.clock.now())?;
        let cookies = settings.flows.begin(&settings.keys.flow, &state, target, &settings.landing, headers)?;
        let url = provider.authorize_url(&settings.redirect_uri, &state.encode(&settings.keys.state));
        let mut response = see_other(&url)?;
        for cookie in cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        debug!(provider = %provider.name(), restarts = restarts, "login begins");
        Ok(response)
    }
}
