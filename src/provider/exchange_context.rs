use crate::client::Permit;

/// The circumstances of the exchange of one authorization code.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExchangeContext<'a> {
    /// The callback address that the code was issued for. Some token endpoints need it again (RFC
    /// 6749 §4.1.3).
    pub redirect_uri: &'a str,
    /// The permit that [`admit`](super::IdentityProvider::admit) returned. It covers the call of
    /// the upstream system only and returns to its pool when it is dropped, at the latest with this
    /// context. The call must not wait for a second permit of the same pool.
    pub permit: Permit,
}

impl<'a> ExchangeContext<'a> {
    /// Creates the context of an exchange with this permit.
    #[must_use]
    pub fn new(redirect_uri: &'a str, permit: Permit) -> Self {
        Self {
            redirect_uri,
            permit,
        }
    }
}
