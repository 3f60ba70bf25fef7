use http::HeaderMap;

use super::flow::State;
use super::inner::Inner;
use crate::provider::IdentityProvider;
use crate::request::UserAgent;
use crate::session::SessionId;
use crate::store::SessionStore;

/// The browser for which a login begins.
#[derive(Clone, Copy)]
pub(super) struct Browser<'a> {
    /// The headers of the browser; its cookies at least.
    pub(super) headers: &'a HeaderMap,
    pub(super) user_agent: UserAgent,
    /// Its live session, which the login replaces.
    pub(super) session: Option<SessionId>,
}

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Returns the browser of a login that begins again.
    pub(super) fn same_browser<'a>(&self, state: &State, headers: &'a HeaderMap) -> Browser<'a> {
        let session = self.sessions.id(headers);
        Browser {
            headers,
            user_agent: UserAgent::of(headers),
            session: session.filter(|session| self.flows.replaces(state, session)),
        }
    }
}
