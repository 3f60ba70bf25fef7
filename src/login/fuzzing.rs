//! Entry points of the fuzz targets; see [`crate::fuzzing`].

use http::HeaderMap;

use super::exchange::Finished;
use super::flow::{self, Attempt, FlowId, State};
use super::keys::Keys;
use super::return_to::ReturnRules;
use crate::clock::Timestamp;
use crate::cookie::{CookiePolicy, SetCookies};
use crate::session::SessionId;

/// The origin of the login whose flows are read.
const SITE: &str = "https://campus.example";

const ATTEMPTS: [Attempt; 3] = [Attempt::First, Attempt::Second, Attempt::Silent];

/// The contents of a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, clippy::exhaustive_structs)]
pub struct FlowState {
    pub flow: [u8; 16],
    /// Unix seconds.
    pub born: u64,
    /// 0 to 2.
    pub attempt: u8,
    /// Whether the login replaces the session of the test.
    pub replaces: bool,
}

/// States and flow cookies of the login `weika` of the site `https://campus.example`.
#[allow(missing_debug_implementations)]
pub struct Flows {
    flows: flow::Flows,
    rules: ReturnRules,
    session: SessionId,
}

impl Flows {
    /// The name of the session cookie.
    pub const SESSION_COOKIE: &str = "__Host-weika-session";

    /// Flows under a secret; `session` is the session of the test.
    pub fn new(secret: &[u8], session: SessionId) -> Self {
        let keys = Keys::derive(secret, &[], "weika");
        let (policy, cookie) = (CookiePolicy::Secure, Self::SESSION_COOKIE);
        Self {
            flows: flow::Flows::new(policy, "weika", cookie, keys.state, keys.flow),
            rules: rules(),
            session,
        }
    }

    /// Begins a login. Returns the `state` and the `Set-Cookie` headers, or `None` if there is no
    /// such attempt.
    pub fn begin(
        &self,
        state: FlowState,
        target: &[u8],
        request: &HeaderMap,
    ) -> Option<(String, HeaderMap)> {
        let replaced = state.replaces.then_some(&self.session);
        let mut begun =
            State::new(Attempt::First, Timestamp::from_unix_seconds(state.born)).ok()?;
        begun.flow = FlowId(state.flow);
        begun.attempt = *ATTEMPTS.get(usize::from(state.attempt))?;
        let target = self.rules.check_or_default(target);
        let default = self.rules.default_target();
        let mut cookies = SetCookies::new(CookiePolicy::Secure);
        let text = self
            .flows
            .begin(begun, replaced, &target, default, request, &mut cookies)
            .ok()?;
        let mut headers = HeaderMap::new();
        cookies.append_to(&mut headers);
        Some((text, headers))
    }

    /// Reads a state.
    pub fn state(&self, text: &[u8]) -> Option<FlowState> {
        let state = self.flows.state(text)?;
        Some(FlowState {
            flow: state.flow.0,
            born: state.born.unix_seconds(),
            attempt: ATTEMPTS.iter().position(|it| *it == state.attempt)? as u8,
            replaces: self.flows.replaces(&state, &self.session),
        })
    }

    /// Returns the target of the flow of an authentic state, if a request has its cookie.
    pub fn target(&self, state: &[u8], request: &HeaderMap) -> Option<String> {
        let state = self.flows.state(state)?;
        let target = self.flows.target(&state, &self.rules, request)?;
        Some(target.as_str().to_owned())
    }

    /// Returns a target if it is accepted as it is, and the default target otherwise.
    pub fn checked_target(&self, target: &[u8]) -> String {
        self.rules.check_or_default(target).as_str().to_owned()
    }
}

/// Reads the outcome of an exchange that another instance has recorded, and records it again.
pub fn rewritten_outcome(record: &[u8]) -> Option<Vec<u8>> {
    Finished::from_bytes(record, &rules()).map(|outcome| outcome.to_bytes())
}

fn rules() -> ReturnRules {
    ReturnRules::new(
        SITE,
        [
            "/auth/weika/login",
            "/auth/weika/callback",
            "/auth/weika/logout",
        ],
        Vec::new(),
    )
}
