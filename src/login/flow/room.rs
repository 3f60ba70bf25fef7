//! The share of the `Cookie` header that flow cookies may take.
//!
//! All cookies of the crate together stay below 4 KB: the oldest flow is deleted first, and a
//! target that is too long for its share is replaced by the default target, so that eight flows
//! always fit beside a session. The login layers of one host share the room.

use http::HeaderMap;

use super::Markers;
use super::flow_cookies::{UNIQUE_NAME_LENGTH, birth, pair_size};
use crate::cookie;
use crate::session::SessionId;

/// The bytes of the `Cookie` header that all cookies of the crate may take.
const HEADER_BYTES: usize = 4096;

/// The number of flows that always fit.
const MIN_FLOWS: usize = 8;

/// The room of one login layer.
pub(super) struct Room {
    /// The bytes beside a session cookie and the markers.
    bytes: usize,
    /// The prefix of all cookies of the crate.
    any_prefix: String,
    /// The prefix of the flow cookies of this layer.
    flow_prefix: String,
    /// The other cookies of this layer.
    own_names: Vec<String>,
}

impl Room {
    pub(super) fn new(
        any_prefix: String,
        flow_prefix: String,
        session_cookie: &str,
        markers: &Markers,
    ) -> Self {
        let session = pair_size(session_cookie.len(), SessionId::LENGTH);
        let own_names = [session_cookie].into_iter().chain(markers.names());
        Self {
            bytes: HEADER_BYTES.saturating_sub(session + markers.size()),
            any_prefix,
            flow_prefix,
            own_names: own_names.map(str::to_owned).collect(),
        }
    }

    /// Whether a flow cookie of this size leaves room for [`MIN_FLOWS`] of them.
    pub(super) fn fits(&self, size: usize) -> bool {
        size <= self.bytes / MIN_FLOWS
    }

    /// The bytes that the flows of this layer may take in this browser.
    pub(super) fn available(&self, headers: &HeaderMap) -> usize {
        self.bytes.saturating_sub(self.of_other_layers(headers))
    }

    /// The bytes of the cookies of other login layers of this site. Only cookies of exactly their
    /// form count: those of other applications must not cost a login its room (rule K6).
    fn of_other_layers(&self, headers: &HeaderMap) -> usize {
        let others = cookie::pairs(headers).filter(|(name, value)| {
            name.starts_with(self.any_prefix.as_bytes())
                && !self.is_own(name)
                && (is_flow(name, value)
                    || is_session(name, value)
                    || Markers::is_marker(name, value))
        });
        others
            .map(|(name, value)| pair_size(name.len(), value.len()))
            .sum()
    }

    fn is_own(&self, name: &[u8]) -> bool {
        name.starts_with(self.flow_prefix.as_bytes())
            || self.own_names.iter().any(|own| name == own.as_bytes())
    }
}

fn is_flow(name: &[u8], value: &[u8]) -> bool {
    let rest = name.split_last_chunk::<UNIQUE_NAME_LENGTH>();
    rest.is_some_and(|(rest, _)| rest.ends_with(b"-flow-"))
        && birth(value).is_some()
        // Not `fits`: a layer with shorter names has larger flows.
        && pair_size(name.len(), value.len()) <= HEADER_BYTES / MIN_FLOWS
}

fn is_session(name: &[u8], value: &[u8]) -> bool {
    name.ends_with(b"-session") && SessionId::parse(value).is_some()
}
