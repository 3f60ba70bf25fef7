//! The flow cookie: ties a login to the browser that began it, and remembers where it leads.
//!
//! One small cookie per login attempt, `{born}.{tag}.{target}`: the tag authenticates flow, birth and target.
//! Nothing is kept on the server for a login that has only begun. All our cookies together stay below 4 KB
//! of the `Cookie` header: the oldest flow goes first, and a target that is too long for its share is given up
//! for the landing page, so that eight flows always fit beside a session.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, HeaderValue};

use super::keys::{Key, TAG_BYTES};
use super::return_to::{ReturnRules, ReturnTo};
use super::state::{FLOW_LIFETIME, FlowId, State};
use crate::clock::Timestamp;
use crate::cookie::{self, CookiePolicy, Found};
use crate::error::Error;
use crate::session::SessionId;

/// What all our cookies may take of the `Cookie` header, in bytes.
const HEADER_BUDGET: usize = 4096;

/// As many flows always fit.
const FLOWS_AT_LEAST: usize = 8;

/// `=` and `; ` around a pair.
const PAIR_OVERHEAD: usize = 3;

/// Reads and writes the flow cookies of one provider.
#[derive(Debug)]
pub(super) struct FlowCookies {
    policy: CookiePolicy,
    /// The name up to the part that is the flow's own.
    prefix: String,
    /// What is left of the budget beside a session cookie.
    budget: usize,
}

impl FlowCookies {
    pub(super) fn new(policy: CookiePolicy, provider: &str, session_cookie: &str) -> Self {
        Self {
            policy,
            prefix: policy.name(&format!("{provider}-flow-")),
            budget: HEADER_BUDGET
                .saturating_sub(session_cookie.len() + SessionId::LENGTH + PAIR_OVERHEAD),
        }
    }

    /// The cookie for a flow that begins, after the deletion of those that have to make room for it.
    pub(super) fn begin(
        &self,
        key: &Key,
        state: &State,
        target: &ReturnTo,
        landing: &ReturnTo,
        headers: &HeaderMap,
    ) -> Result<Vec<HeaderValue>, Error> {
        let name = self.name(state.flow);
        let mut value = value(key, state, target);
        if name.len() + value.len() + PAIR_OVERHEAD > self.budget / FLOWS_AT_LEAST {
            value = self::value(key, state, landing);
        }
        let mut cookies = self.make_room(
            name.len() + value.len() + PAIR_OVERHEAD,
            state.born,
            headers,
        )?;
        cookies.push(self.policy.set(&name, &value, Some(FLOW_LIFETIME))?);
        Ok(cookies)
    }

    /// The target of the flow, if this browser began it.
    pub(super) fn target(
        &self,
        key: &Key,
        state: &State,
        rules: &ReturnRules,
        headers: &HeaderMap,
    ) -> Option<ReturnTo> {
        let Found::Value(value) = cookie::find(headers, &self.name(state.flow)) else {
            return None;
        };
        let mut parts = value.splitn(3, |byte| *byte == b'.').skip(1);
        let tag: [u8; TAG_BYTES] = BASE64.decode(parts.next()?).ok()?.try_into().ok()?;
        let target = BASE64.decode(parts.next()?).ok()?;
        let authentic = key.verify(&[&state.flow.0, &born(state), &target], &tag);
        authentic.then(|| rules.check(&target)).flatten()
    }

    /// Deletes the cookie of a flow that is over.
    pub(super) fn end(&self, flow: FlowId) -> Result<HeaderValue, Error> {
        self.policy.delete(&self.name(flow))
    }

    /// Deletes the cookies of all flows that this browser has begun.
    pub(super) fn end_all(&self, headers: &HeaderMap) -> Result<Vec<HeaderValue>, Error> {
        self.present(headers)
            .map(|(name, _)| self.policy.delete(name))
            .collect()
    }

    fn make_room(
        &self,
        needed: usize,
        now: Timestamp,
        headers: &HeaderMap,
    ) -> Result<Vec<HeaderValue>, Error> {
        let mut present: Vec<_> = self
            .present(headers)
            .map(|(name, value)| (age(value, now), name, value))
            .collect();
        present.sort_unstable();
        let mut room = self.budget.saturating_sub(needed);
        let mut deleted = Vec::new();
        for (age, name, value) in present {
            let size = name.len() + value.len() + PAIR_OVERHEAD;
            match room
                .checked_sub(size)
                .filter(|_| age < FLOW_LIFETIME.as_secs())
            {
                Some(left) => room = left,
                None => {
                    room = if age < FLOW_LIFETIME.as_secs() {
                        0
                    } else {
                        room
                    };
                    deleted.push(self.policy.delete(name)?);
                }
            }
        }
        Ok(deleted)
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

/// Seconds since the birth that a value claims; without one, the value is as old as can be. Only this
/// browser's own room depends on it, so it need not be authentic.
fn age(value: &[u8], now: Timestamp) -> u64 {
    let claimed = value
        .split(|byte| *byte == b'.')
        .next()
        .and_then(|hex| std::str::from_utf8(hex).ok());
    let born = claimed.and_then(|hex| u64::from_str_radix(hex, 16).ok());
    born.map_or(u64::MAX, |born| now.unix_seconds().saturating_sub(born))
}
