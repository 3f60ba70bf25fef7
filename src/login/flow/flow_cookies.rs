//! The flow cookie: ties a login to the browser that began it, and contains its return target.
//!
//! One small cookie per login attempt, `{birth}.{tag}.{target}`: the tag authenticates flow, birth
//! and target.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::HeaderMap;

use super::room::Room;
use super::{FLOW_LIFETIME, FlowId, Markers, State};
use crate::clock::Timestamp;
use crate::cookie::{self, CookieName, CookiePolicy, Found, SetCookies};
use crate::error::Error;
use crate::login::keys::{Key, TAG_BYTES};
use crate::login::return_to::{ReturnRules, ReturnTo};
use crate::trace::debug;

/// Characters of the name that differ between flows: six bytes of the flow.
pub(super) const UNIQUE_NAME_LENGTH: usize = 8;

/// The flow cookies of one login layer.
pub(super) struct FlowCookies {
    /// The name up to the part that differs between flows.
    prefix: String,
    key: Key,
    room: Room,
}

impl FlowCookies {
    pub(super) fn new(
        policy: CookiePolicy,
        cookie_base: &str,
        session_cookie: &str,
        markers: &Markers,
        key: Key,
    ) -> Self {
        let prefix = policy.name(&format!("{cookie_base}-flow-"));
        let room = Room::new(policy.name(""), prefix.clone(), session_cookie, markers);
        Self { prefix, key, room }
    }

    /// Sets the cookie of a flow that begins, and deletes those that have to make room for it.
    /// Flows that `cookies` deletes already take no room.
    pub(super) fn begin(
        &self,
        state: &State,
        target: &ReturnTo,
        default_target: &ReturnTo,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        let name = self.name(state.flow);
        let mut value = self.value(state, target);
        if !self.room.fits(pair_size(name.len(), value.len())) {
            debug!(
                "login: return target dropped: it does not fit in the flow cookie; default target used"
            );
            value = self.value(state, default_target);
        }
        let needed = pair_size(name.len(), value.len());
        self.make_room(needed, state.born, headers, cookies)?;
        cookies.set(&name, &value, Some(FLOW_LIFETIME))
    }

    /// Returns the target of the flow, if this browser began it.
    pub(super) fn target(
        &self,
        state: &State,
        rules: &ReturnRules,
        headers: &HeaderMap,
    ) -> Option<ReturnTo> {
        let name = CookieName::new(self.name(state.flow));
        let Found::Value(value) = name.find(headers) else {
            return None;
        };
        let mut parts = value.splitn(3, |byte| *byte == b'.').skip(1);
        let tag: [u8; TAG_BYTES] = BASE64.decode(parts.next()?).ok()?.try_into().ok()?;
        let target = BASE64.decode(parts.next()?).ok()?;
        let is_authentic = self
            .key
            .verify(&[&state.flow.0, &birth_bytes(state), &target], &tag);
        is_authentic.then(|| rules.check(&target)).flatten()
    }

    /// Deletes the cookie of a completed flow.
    pub(super) fn delete(&self, flow: FlowId, cookies: &mut SetCookies) -> Result<(), Error> {
        cookies.delete(&self.name(flow))
    }

    /// Deletes the cookies of all flows of this browser. The newest come first, because old ones
    /// cannot log in any more.
    pub(super) fn delete_all(
        &self,
        now: Timestamp,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        self.newest_first(now, headers)
            .into_iter()
            .try_for_each(|(_, name, _)| cookies.delete(name))
    }

    /// Deletes the flows beside which one of `needed` bytes does not fit, and those that are too
    /// old; the oldest first.
    fn make_room(
        &self,
        needed: usize,
        now: Timestamp,
        headers: &HeaderMap,
        cookies: &mut SetCookies,
    ) -> Result<(), Error> {
        let mut room = self.room.available(headers).saturating_sub(needed);
        let mut surplus = Vec::new();
        for (age, name, value) in self.newest_first(now, headers) {
            if cookies.deletes(name) {
                continue;
            }
            let left = room.checked_sub(pair_size(name.len(), value.len()));
            match left.filter(|_| age < FLOW_LIFETIME.as_secs()) {
                Some(left) => room = left,
                None => {
                    // Those that follow are older, and are deleted too.
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

    fn present<'h>(&'h self, headers: &'h HeaderMap) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        cookie::pairs(headers).filter_map(|(name, value)| {
            let unique = name.strip_prefix(self.prefix.as_bytes())?;
            let is_valid = unique.len() == UNIQUE_NAME_LENGTH
                && unique
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
            let name = std::str::from_utf8(name).ok()?;
            is_valid.then_some((name, value))
        })
    }

    fn name(&self, flow: FlowId) -> String {
        let unique = BASE64.encode(&flow.0[..UNIQUE_NAME_LENGTH / 4 * 3]);
        format!("{}{unique}", self.prefix)
    }

    fn value(&self, state: &State, target: &ReturnTo) -> String {
        let target = target.as_str().as_bytes();
        let tag = self.key.tag(&[&state.flow.0, &birth_bytes(state), target]);
        let (tag, target) = (BASE64.encode(tag), BASE64.encode(target));
        format!("{:x}.{tag}.{target}", state.born.unix_seconds())
    }
}

/// The bytes that a cookie takes of the header, with `=` and `; `.
pub(super) const fn pair_size(name: usize, value: usize) -> usize {
    name + value + 3
}

fn birth_bytes(state: &State) -> [u8; 8] {
    state.born.unix_seconds().to_be_bytes()
}

/// Seconds since the birth that a value claims; the maximum if it claims none.
fn age(value: &[u8], now: Timestamp) -> u64 {
    birth(value).map_or(u64::MAX, |born| now.unix_seconds().saturating_sub(born))
}

/// The birth that a value claims, in Unix seconds. Only the room of this browser depends on it, so
/// it need not be authentic.
pub(super) fn birth(value: &[u8]) -> Option<u64> {
    let hex = value.split(|byte| *byte == b'.').next()?;
    u64::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

#[cfg(test)]
mod tests;
