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
    /// Whether a fresh login is asked for: the browser has a session, and the login replaces it,
    /// because a guard requires a [recent one](crate::guard::GuardLayer::max_age) or the user
    /// begins another login. A provider whose login page can authenticate the user again
    /// (`prompt=login` in OpenID Connect Core 1.0 §3.1.2.1) asks for that. The providers of this
    /// crate ignore it: neither Weika nor WeChat documents such a parameter.
    pub fresh_login: bool,
}

impl<'a> AuthorizeRequest<'a> {
    /// Creates a request from an unknown browser, for tests of a provider.
    #[must_use]
    pub fn new(redirect_uri: &'a str, state: &'a str) -> Self {
        Self {
            redirect_uri,
            state,
            user_agent: UserAgent::Other,
            fresh_login: false,
        }
    }
}

impl fmt::Debug for AuthorizeRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("user_agent", &self.user_agent)
            .field("fresh_login", &self.fresh_login)
            .finish_non_exhaustive()
    }
}
