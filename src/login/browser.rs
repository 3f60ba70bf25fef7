use http::HeaderMap;

use crate::request::UserAgent;

/// The browser for which a login begins.
#[derive(Clone, Copy)]
pub(super) struct Browser<'a> {
    /// The headers of the browser; its cookies at least.
    pub(super) headers: &'a HeaderMap,
    pub(super) user_agent: UserAgent,
}

impl<'a> Browser<'a> {
    /// Returns the browser that sent these headers.
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        Self {
            headers,
            user_agent: UserAgent::of(headers),
        }
    }
}
