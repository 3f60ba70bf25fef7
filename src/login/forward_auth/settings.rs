use std::sync::Arc;

use http::HeaderName;

use super::identity_header::IdentityHeaders;
use crate::guard::Requirement;
use crate::log_limit::LogLimit;
use crate::login::inner::Inner;
use crate::provider::IdentityProvider;

/// The parts of a forward-auth service, which its clones and futures share.
pub(super) struct Settings<P: IdentityProvider, St> {
    pub(super) login: Arc<Inner<P, St>>,
    pub(super) identity_headers: IdentityHeaders<P::Identity>,
    pub(super) requirements: Vec<Box<dyn Requirement<P::Identity> + Send + Sync>>,
    /// The request header with the target that the client has requested from the proxy.
    pub(super) original_uri: HeaderName,
    /// The response header with the address of the login.
    pub(super) login_url: HeaderName,
    pub(super) oversized: LogLimit,
}
