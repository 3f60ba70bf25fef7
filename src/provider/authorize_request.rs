use std::fmt;

use crate::request::UserAgent;

/// A login that begins: the facts for the address of the provider's login page (RFC 6749 §4.1.1).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AuthorizeRequest<'a> {
    /// The callback address of this login, without a query.
    pub redirect_uri: &'a str,
    /// The state, letters and digits only. The provider returns it with the code.
    pub state: &'a str,
    /// The visitor's browser.
    pub user_agent: UserAgent,
}

impl<'a> AuthorizeRequest<'a> {
    /// Creates a request from an unknown browser, for tests of a provider.
    #[must_use]
    pub fn new(redirect_uri: &'a str, state: &'a str) -> Self {
        Self {
            redirect_uri,
            state,
            user_agent: UserAgent::Other,
        }
    }
}

impl fmt::Debug for AuthorizeRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}
