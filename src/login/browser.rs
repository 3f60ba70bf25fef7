use http::HeaderMap;

use super::flow::State;
use crate::request::UserAgent;

/// The browser for which a login begins.
#[derive(Clone, Copy)]
pub(super) struct Browser<'a> {
    /// The headers of the browser; its cookies at least.
    pub(super) headers: &'a HeaderMap,
    pub(super) user_agent: UserAgent,
    /// Whether it may have a live session. The login replaces that session.
    pub(super) has_session: bool,
}

impl<'a> Browser<'a> {
    /// Returns the browser of a login that begins again.
    pub(super) fn again(state: &State, headers: &'a HeaderMap) -> Self {
        Self {
            headers,
            user_agent: UserAgent::of(headers),
            has_session: state.replaces_session,
        }
    }
}
