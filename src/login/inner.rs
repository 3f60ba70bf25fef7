use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::admission::Admission;
use super::endpoints::Endpoints;
use super::exchange::Exchanges;
use super::flow::Flows;
use super::log_limits::LogLimits;
use super::observer::Observer;
use super::placement::Placement;
use crate::authenticate::LoginSessions;
use crate::cookie::{CookiePolicy, SetCookies};
use crate::provider::IdentityProvider;
use crate::response::Pages;
use crate::session::SessionTimeouts;

/// The parts of a login layer, which its clones and services share.
pub(super) struct Inner<P: IdentityProvider, St> {
    pub(super) provider: P,
    pub(super) sessions: Arc<LoginSessions<P::Identity, St>>,
    /// The same without the guarded path prefixes, for layers without a login.
    pub(super) unguarded: Arc<LoginSessions<P::Identity, St>>,
    pub(super) endpoints: Endpoints,
    pub(super) pages: Pages,
    /// The link to the home page.
    pub(super) home: String,
    pub(super) cookies: CookiePolicy,
    pub(super) flows: Flows,
    pub(super) exchanges: Exchanges,
    pub(super) admission: Admission,
    pub(super) timeouts: SessionTimeouts,
    pub(super) exchange_timeout: Duration,
    /// Whether visitors may be logged in silently.
    pub(super) silent_login: bool,
    pub(super) limits: LogLimits,
    pub(super) observer: Observer,
    pub(super) placement: Placement,
}

impl<P: IdentityProvider, St> Inner<P, St> {
    /// The cookies of a response, still none.
    pub(super) fn set_cookies(&self) -> SetCookies {
        SetCookies::new(self.cookies)
    }
}

impl<P: IdentityProvider, St> fmt::Debug for Inner<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("endpoints", &self.endpoints)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
