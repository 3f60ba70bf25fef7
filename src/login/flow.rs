//! The flow cookie: ties a login to the browser that began it, and remembers where it leads.
//!
//! One small cookie per login attempt, `{born}.{tag}.{target}`: the tag authenticates flow, birth and target.
//! Nothing is kept on the server for a login that has only begun. All our cookies together stay below 4 KB
//! of the `Cookie` header: the oldest flow goes first, and a target that is too long for its share is given up
//! for the default target, so that eight flows always fit beside a session. Login layers of one site share the room.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::HeaderMap;

use super::keys::{Key, TAG_BYTES};
use super::return_to::{ReturnRules, ReturnTo};
use super::state::{FLOW_LIFETIME, FlowId, State};
use crate::clock::Timestamp;
use crate::cookie::{self, CookieName, CookiePolicy, Found, SetCookies};
use crate::error::Error;
use crate::random;
use crate::session::SessionId;
use crate::trace::debug;

/// What all our cookies may take of the `Cookie` header, in bytes.
const HEADER_BUDGET: usize = 4096;

/// As many flows always fit.
const FLOWS_AT_LEAST: usize = 8;

/// `=` and `; ` around a pair.
const PAIR_OVERHEAD: usize = 3;

/// How a login has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Whoever needs a login while the mark is there does not keep the session.
    LoggedIn,
    /// Nobody had asked for it, and nobody was told.
    InVain,
}

impl End {
    const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedIn => "1",
            Self::InVain => "0",
        }
    }
}

/// The value of a cookie that only has to be there; those of [`End`] are as long.
const MARK: &str = "1";

/// Random bytes in the logout marker, and characters of its value.
const LOGOUT_MARKER_BYTES: usize = 6;
const LOGOUT_MARKER_LENGTH: usize = LOGOUT_MARKER_BYTES / 3 * 4;

/// SessionTimeouts of the logout marker. Only the change matters, which the browser notices at once.
const LOGOUT_MARKER_LIFETIME: Duration = Duration::from_secs(10);

/// How long the end of a login is remembered.
const ARRIVED_FOR: Duration = Duration::from_secs(10);

/// Reads and writes the flow cookies of one provider.
#[derive(Debug)]
pub(super) struct FlowCookies {
    policy: CookiePolicy,
    /// The name up to the part that is the flow's own.
    prefix: String,
    session_name: String,
    arrived: CookieName,
    tried: CookieName,
    /// The name of the logout marker.
    logout_marker: String,
    /// What is left of the budget beside a session cookie and the marks.
    budget: usize,
}

impl FlowCookies {
    pub(super) fn new(policy: CookiePolicy, provider: &str, session_cookie: &str) -> Self {
        let [arrived, tried] = ["arrived", "tried"]
            .map(|mark| CookieName::new(policy.name(&format!("{provider}-{mark}"))));
        let logout_marker = policy.name(&format!("{provider}-logout"));
        let others = [
            (session_cookie, SessionId::LENGTH),
            (arrived.as_str(), MARK.len()),
            (tried.as_str(), MARK.len()),
            (&logout_marker, LOGOUT_MARKER_LENGTH),
        ];
        let taken: usize = others
            .iter()
            .map(|(name, length)| name.len() + length + PAIR_OVERHEAD)
            .sum();
        Self {
            policy,
            prefix: policy.name(&format!("{provider}-flow-")),
            arrived,
            tried,
            logout_marker,
            session_name: session_cookie.to_owned(),
            budget: HEADER_BUDGET.saturating_sub(taken),
        }
    }

    /// Sets the cookie of a flow that begins, and deletes those that have to make room for it. Flows that `cookies`
    /// deletes already take no room.
    pub(super) fn begin(
        &self,
        key: &Key,
        state: &State,
        target: &ReturnTo,
        default_target: &ReturnTo,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        let name = self.name(state.flow);
        let mut value = value(key, state, target);
        if pair_size(name.as_bytes(), value.as_bytes()) > self.budget / FLOWS_AT_LEAST {
            debug!(
                "login: return target dropped: it does not fit in the flow cookie; default target used"
            );
            value = self::value(key, state, default_target);
        }
        self.make_room(
            pair_size(name.as_bytes(), value.as_bytes()),
            state.born,
            headers,
            cookies,
        )?;
        cookies.set(&name, &value, Some(FLOW_LIFETIME))
    }

    /// The target of the flow, if this browser began it.
    pub(super) fn target(
        &self,
        key: &Key,
        state: &State,
        rules: &ReturnRules,
        headers: &HeaderMap,
    ) -> Option<ReturnTo> {
        let Found::Value(value) = CookieName::new(self.name(state.flow)).find(headers) else {
            return None;
        };
        let mut parts = value.splitn(3, |byte| *byte == b'.').skip(1);
        let tag: [u8; TAG_BYTES] = BASE64.decode(parts.next()?).ok()?.try_into().ok()?;
        let target = BASE64.decode(parts.next()?).ok()?;
        let authentic = key.verify(&[&state.flow.0, &born(state), &target], &tag);
        authentic.then(|| rules.check(&target)).flatten()
    }

    /// Deletes the cookie of a flow that is over.
    pub(super) fn end(&self, flow: FlowId, cookies: &mut SetCookies) -> Result<(), Error> {
        cookies.delete(&self.name(flow))
    }

    /// Sets a mark for a browser whose login has just ended. It fades.
    pub(super) fn ended(&self, end: End, cookies: &mut SetCookies) -> Result<(), Error> {
        cookies.set(self.arrived.as_str(), end.as_str(), Some(ARRIVED_FOR))
    }

    /// How the login of a moment ago has ended.
    pub(super) fn last_ended(&self, headers: &HeaderMap) -> Option<End> {
        let Found::Value(value) = self.arrived.find(headers) else {
            return None;
        };
        [End::LoggedIn, End::InVain]
            .into_iter()
            .find(|end| end.as_str().as_bytes() == value)
    }

    /// Sets a mark that ends with the browser: no silent login begins again during this visit.
    pub(super) fn tried(&self, cookies: &mut SetCookies) -> Result<(), Error> {
        cookies.set(self.tried.as_str(), MARK, None)
    }

    pub(super) fn has_tried(&self, headers: &HeaderMap) -> bool {
        self.tried.find(headers) != Found::Absent
    }

    /// Sets the logout marker: an `HttpOnly` cookie with a new value after each logout, which no code reads (rule S5).
    ///
    /// Chromium keeps pages with `no-store` in its back/forward cache until an `HttpOnly` cookie of the site changes.
    /// The deletion of the session cookie does not count for the page that the login itself led to (measured).
    pub(super) fn mark_logout(&self, cookies: &mut SetCookies) -> Result<(), Error> {
        let value = BASE64.encode(random::bytes::<LOGOUT_MARKER_BYTES>()?);
        cookies.set(&self.logout_marker, &value, Some(LOGOUT_MARKER_LIFETIME))
    }

    /// Deletes the mark of the last login and the cookies of all flows that this browser has begun. The newest flows
    /// go first, because old ones cannot log in any more.
    pub(super) fn end_all(
        &self,
        now: Timestamp,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        if self.last_ended(headers).is_some() {
            cookies.delete(self.arrived.as_str())?;
        }
        self.newest_first(now, headers)
            .into_iter()
            .try_for_each(|(_, name, _)| cookies.delete(name))
    }

    /// Deletes the flows beside which one of `needed` bytes does not fit, and those that are too old; the oldest first.
    fn make_room(
        &self,
        needed: usize,
        now: Timestamp,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        let mut room = self
            .budget
            .saturating_sub(needed + self.of_other_layers(headers));
        let mut surplus = Vec::new();
        for (age, name, value) in self.newest_first(now, headers) {
            if cookies.deletes(name) {
                continue;
            }
            match room
                .checked_sub(pair_size(name.as_bytes(), value))
                .filter(|_| age < FLOW_LIFETIME.as_secs())
            {
                Some(left) => room = left,
                None => {
                    // Those that follow are older, and go too.
                    room = 0;
                    surplus.push(name);
                }
            }
        }
        surplus
            .into_iter()
            .rev()
            .try_for_each(|name| cookies.delete(name))
    }

    /// The flows of a browser: age in seconds, name and value.
    fn newest_first<'h>(
        &'h self,
        now: Timestamp,
        headers: &'h HeaderMap,
    ) -> Vec<(u64, &'h str, &'h [u8])> {
        let mut flows: Vec<_> = self
            .present(headers)
            .map(|(name, value)| (age(value, now), name, value))
            .collect();
        flows.sort_unstable();
        flows
    }

    /// What the cookies of other login layers of this site take. Only what has exactly the form of ours counts:
    /// cookies of other applications must not cost a login its room (rule K6).
    fn of_other_layers(&self, headers: &HeaderMap) -> usize {
        let ours = self.policy.name("");
        let alike = |name: &[u8], value: &[u8]| {
            let flow = name
                .split_last_chunk::<OWN_NAME_LENGTH>()
                .is_some_and(|(rest, _)| rest.ends_with(b"-flow-"));
            let size = pair_size(name, value);
            let is_flow =
                flow && claimed_birth(value).is_some() && size <= self.budget / FLOWS_AT_LEAST;
            let is_mark = value.len() == MARK.len()
                && (name.ends_with(b"-arrived") || name.ends_with(b"-tried"));
            let is_logout_marker =
                value.len() == LOGOUT_MARKER_LENGTH && name.ends_with(b"-logout");
            let is_session = name.ends_with(b"-session") && SessionId::parse(value).is_some();
            let own = [
                &*self.session_name,
                self.arrived.as_str(),
                self.tried.as_str(),
                &*self.logout_marker,
            ];
            let is_own = name.starts_with(self.prefix.as_bytes())
                || own.iter().any(|own| name == own.as_bytes());
            name.starts_with(ours.as_bytes())
                && !is_own
                && (is_flow || is_session || is_mark || is_logout_marker)
        };
        let alien = cookie::pairs(headers).filter(|(name, value)| alike(name, value));
        alien.map(|(name, value)| pair_size(name, value)).sum()
    }

    fn present<'h>(&'h self, headers: &'h HeaderMap) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        cookie::pairs(headers).filter_map(|(name, value)| {
            let own = name.strip_prefix(self.prefix.as_bytes())?;
            let is_ours = own.len() == OWN_NAME_LENGTH
                && own
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b));
            let name = std::str::from_utf8(name).ok()?;
            is_ours.then_some((name, value))
        })
    }

    fn name(&self, flow: FlowId) -> String {
        format!(
            "{}{}",
            self.prefix,
            BASE64.encode(&flow.0[..OWN_NAME_LENGTH / 4 * 3])
        )
    }
}

/// The bytes that a cookie takes of the header.
fn pair_size(name: &[u8], value: &[u8]) -> usize {
    name.len() + value.len() + PAIR_OVERHEAD
}

/// Characters of the name that are the flow's own: six of its bytes.
const OWN_NAME_LENGTH: usize = 8;

fn value(key: &Key, state: &State, target: &ReturnTo) -> String {
    let target = target.as_str().as_bytes();
    let tag = key.tag(&[&state.flow.0, &born(state), target]);
    format!(
        "{:x}.{}.{}",
        state.born.unix_seconds(),
        BASE64.encode(tag),
        BASE64.encode(target)
    )
}

fn born(state: &State) -> [u8; 8] {
    state.born.unix_seconds().to_be_bytes()
}

/// Seconds since the birth that a value claims; without one, the value is as old as can be.
fn age(value: &[u8], now: Timestamp) -> u64 {
    claimed_birth(value).map_or(u64::MAX, |born| now.unix_seconds().saturating_sub(born))
}

/// The birth in front of a value, in Unix seconds. Only this browser's own room depends on it, so it need not be
/// authentic.
fn claimed_birth(value: &[u8]) -> Option<u64> {
    let hex = value.split(|byte| *byte == b'.').next()?;
    u64::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

#[cfg(test)]
mod tests;
