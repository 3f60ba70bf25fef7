use http::HeaderMap;

use super::flow_cookies::FlowCookies;
use super::{FlowId, Markers, SessionMark, State};
use crate::clock::Timestamp;
use crate::cookie::{CookiePolicy, SetCookies};
use crate::error::Error;
use crate::login::keys::Key;
use crate::login::return_to::{ReturnRules, ReturnTo};
use crate::session::SessionId;

/// The states and cookies of one login layer.
pub(in crate::login) struct Flows {
    state_key: Key,
    cookies: FlowCookies,
    markers: Markers,
}

impl Flows {
    pub(in crate::login) fn new(
        policy: CookiePolicy,
        cookie_base: &str,
        session_cookie: &str,
        state_key: Key,
        cookie_key: Key,
    ) -> Self {
        let markers = Markers::new(policy, cookie_base);
        let cookies = FlowCookies::new(policy, cookie_base, session_cookie, &markers, cookie_key);
        Self {
            state_key,
            cookies,
            markers,
        }
    }

    /// Begins a flow that replaces the session `replaced`, and returns its `state` parameter.
    /// `cookies` gets the flow cookie, and deletes flows that have to make room for it.
    pub(in crate::login) fn begin(
        &self,
        mut state: State,
        replaced: Option<&SessionId>,
        target: &ReturnTo,
        default_target: &ReturnTo,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<String, Error> {
        state.replaced = replaced.map(|session| self.mark(&state, session));
        self.cookies
            .begin(&state, target, default_target, headers, cookies)?;
        Ok(state.encode(&self.state_key))
    }

    /// Reads an authentic state, fresh or not.
    pub(in crate::login) fn state(&self, text: &[u8]) -> Option<State> {
        State::decode(text, &self.state_key)
    }

    /// Whether this is the session that the login replaces: the one that the browser had when the
    /// login began.
    pub(in crate::login) fn replaces(&self, state: &State, session: &SessionId) -> bool {
        state.replaced == Some(self.mark(state, session))
    }

    fn mark(&self, state: &State, session: &SessionId) -> SessionMark {
        SessionMark::new(&self.state_key, state.secret, state.flow, session)
    }

    /// Returns the target of the flow, if this browser began it.
    pub(in crate::login) fn target(
        &self,
        state: &State,
        rules: &ReturnRules,
        headers: &HeaderMap,
    ) -> Option<ReturnTo> {
        self.cookies.target(state, rules, headers)
    }

    /// Deletes the cookie of a completed flow.
    pub(in crate::login) fn delete(
        &self,
        flow: FlowId,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        self.cookies.delete(flow, cookies)
    }

    /// Deletes the cookies of all flows of this browser and the marker of the last login.
    pub(in crate::login) fn delete_all(
        &self,
        now: Timestamp,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        self.markers.delete_last_result(headers, cookies)?;
        self.cookies.delete_all(now, headers, cookies)
    }

    pub(in crate::login) fn markers(&self) -> &Markers {
        &self.markers
    }
}
