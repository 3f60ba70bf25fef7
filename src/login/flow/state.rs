//! The OAuth `state` (RFC 6749 §4.1.1).
//!
//! 56 characters of base62, because WeChat accepts letters and digits only and at most 128 of them,
//! and browsers mangle long ones. It contains the flow, the time of its birth, the kind of attempt
//! and which session is replaced, authenticated for one login. The return target is in the flow cookie, which is bound to
//! the browser.

use std::fmt;
use std::time::Duration;

use super::Attempt;
use super::base62;
use super::session_mark::{self, SessionMark};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::login::keys::{Generation, Key, TAG_BYTES};
use crate::random;

/// The time within which a login must be completed.
pub(in crate::login) const FLOW_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How far the clocks of two instances may differ without a consequence.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

const FLOW_BYTES: usize = 16;
const BORN_BYTES: usize = 5;
/// The bit beside the attempt.
const REPLACES_SESSION: u8 = 0x80;
const PAYLOAD_BYTES: usize = FLOW_BYTES + BORN_BYTES + 1 + session_mark::BYTES;
pub(super) const BYTES: usize = PAYLOAD_BYTES + TAG_BYTES;

/// Random identifier of one login attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::login) struct FlowId(pub(in crate::login) [u8; FLOW_BYTES]);

impl fmt::Debug for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowId([redacted])")
    }
}

/// An authentic state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::login) struct State {
    pub(in crate::login) flow: FlowId,
    pub(in crate::login) born: Timestamp,
    pub(in crate::login) attempt: Attempt,
    /// The session that the browser had when the login began, which the login replaces.
    pub(in crate::login) replaced: Option<SessionMark>,
    /// The secret of its tag.
    pub(in crate::login) secret: Generation,
}

impl State {
    /// A state that begins at `now`. All times of states are those of the [wall
    /// clock](crate::clock::Clock::wall): another instance, or this one after a restart, takes the
    /// callback.
    pub(in crate::login) fn new(attempt: Attempt, now: Timestamp) -> Result<Self, Error> {
        let born = Timestamp::from_unix_seconds(now.unix_seconds());
        Ok(Self {
            flow: FlowId(random::bytes()?),
            born,
            attempt,
            replaced: None,
            secret: Generation::CURRENT,
        })
    }

    pub(in crate::login) fn is_fresh(&self, now: Timestamp) -> bool {
        // A birth slightly in the future is accepted: instances that share a secret do not share a
        // clock.
        now.since(self.born) < FLOW_LIFETIME && self.born.since(now) < CLOCK_TOLERANCE
    }

    /// Returns the least difference of `now` from the clock that dated this state, if that is why
    /// the state is not fresh. A browser that still `has_the_flow` has kept its cookie for less
    /// than [`FLOW_LIFETIME`] by its own clock.
    pub(in crate::login) fn clocks_apart(
        &self,
        now: Timestamp,
        has_the_flow: bool,
    ) -> Option<Duration> {
        let ahead = self.born.since(now);
        let behind = now.since(self.born).saturating_sub(FLOW_LIFETIME);
        if ahead >= CLOCK_TOLERANCE {
            Some(ahead)
        } else if has_the_flow && behind >= CLOCK_TOLERANCE {
            Some(behind)
        } else {
            None
        }
    }

    /// The text for the `state` parameter.
    pub(in crate::login) fn encode(&self, key: &Key) -> String {
        let mut bytes = [0; BYTES];
        bytes[..PAYLOAD_BYTES].copy_from_slice(&self.payload());
        bytes[PAYLOAD_BYTES..].copy_from_slice(&key.tag(&[&self.payload()]));
        base62::encode(bytes)
    }

    /// Reads an authentic state, fresh or not.
    pub(in crate::login) fn decode(text: &[u8], key: &Key) -> Option<Self> {
        let bytes = base62::decode(text)?;
        let (payload, tag) = bytes.split_first_chunk::<PAYLOAD_BYTES>()?;
        let secret = key.generation(&[payload], tag.try_into().ok()?)?;
        let (flow, rest) = payload.split_first_chunk::<FLOW_BYTES>()?;
        let ([a, b, c, d, e], rest) = rest.split_first_chunk::<BORN_BYTES>()?;
        let (kind, mark) = rest.split_first()?;
        let mark = SessionMark(mark.try_into().ok()?);
        let born = Timestamp::from_unix_seconds(u64::from_be_bytes([0, 0, 0, *a, *b, *c, *d, *e]));
        Some(Self {
            flow: FlowId(*flow),
            born,
            attempt: Attempt::from_byte(kind & !REPLACES_SESSION)?,
            replaced: (kind & REPLACES_SESSION != 0).then_some(mark),
            secret,
        })
    }

    fn payload(&self) -> [u8; PAYLOAD_BYTES] {
        let mut payload = [0; PAYLOAD_BYTES];
        let (flow, rest) = payload.split_at_mut(FLOW_BYTES);
        let (born, rest) = rest.split_at_mut(BORN_BYTES);
        flow.copy_from_slice(&self.flow.0);
        born.copy_from_slice(&self.born.unix_seconds().to_be_bytes()[8 - BORN_BYTES..]);
        rest[0] = self.attempt.to_byte();
        if let Some(mark) = self.replaced {
            rest[0] |= REPLACES_SESSION;
            rest[1..].copy_from_slice(&mark.0);
        }
        payload
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::login::keys::Keys;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_760_000_000);

    fn keys() -> Keys {
        Keys::derive(&[1; 32], &[], "weika")
    }

    #[test]
    fn state_is_short_and_alphanumeric() {
        let text = State::new(Attempt::First, NOW)
            .unwrap()
            .encode(&keys().state);
        assert_eq!(text.len(), 56);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn state_of_another_provider_or_secret_is_rejected() {
        let text = State::new(Attempt::First, NOW)
            .unwrap()
            .encode(&keys().state);
        assert_eq!(
            State::decode(
                text.as_bytes(),
                &Keys::derive(&[1; 32], &[], "wechat").state
            ),
            None
        );
        assert_eq!(
            State::decode(text.as_bytes(), &Keys::derive(&[2; 32], &[], "weika").state),
            None
        );
    }

    #[test]
    fn state_is_fresh_for_ten_minutes() {
        let state = State::new(Attempt::First, NOW).unwrap();
        assert!(state.is_fresh(NOW.plus(Duration::from_secs(599))));
        assert!(!state.is_fresh(NOW.plus(Duration::from_secs(600))));
        assert!(state.is_fresh(NOW.minus(Duration::from_secs(59))));
        assert!(!state.is_fresh(NOW.minus(Duration::from_secs(60))));
    }

    #[test]
    fn altered_state_is_rejected() {
        let text = State::new(Attempt::First, NOW)
            .unwrap()
            .encode(&keys().state);
        assert_eq!(
            State::decode(
                format!("{text}https://i.maxthon.cn").as_bytes(),
                &keys().state
            ),
            None
        );
        assert_eq!(State::decode(&text.as_bytes()[..55], &keys().state), None);
        assert_eq!(State::decode(&[b'z'; 56], &keys().state), None);
        assert_eq!(State::decode(b"", &keys().state), None);
    }

    proptest! {
        #[test]
        fn encoded_value_decodes(flow in any::<[u8; 16]>(), seconds in 0_u64..1 << 40, attempt in 0_u8..3, mark: Option<[u8; 3]>) {
            let attempt = Attempt::from_byte(attempt).unwrap();
            let born = Timestamp::from_unix_seconds(seconds);
            let state = State { flow: FlowId(flow), born, attempt, replaced: mark.map(SessionMark), secret: Generation::CURRENT };
            prop_assert_eq!(State::decode(state.encode(&keys().state).as_bytes(), &keys().state), Some(state));
        }

        #[test]
        fn changed_character_at_any_position_is_rejected(at in 0_usize..56, to in "[0-9A-Za-z]") {
            let text = State::new(Attempt::Second, NOW).unwrap().encode(&keys().state);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != text);
            prop_assert_eq!(State::decode(changed.as_bytes(), &keys().state), None);
        }

        #[test]
        fn arbitrary_bytes_are_rejected_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(State::decode(&text, &keys().state), None);
        }
    }
}
