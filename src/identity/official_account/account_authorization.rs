use std::sync::Arc;

use super::OfficialAccount;

/// Whether a school has authorized its platform to act for its official account (公众号授权信息).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AccountAuthorization {
    /// The school has authorized this account (已授权).
    Authorized(Arc<OfficialAccount>),
    /// The school has not authorized an account yet (当前机构未授权公众号过来, 3002).
    NotAuthorized {
        /// The URL where an administrator of the school can authorize it. `None` if the response has no such URL, or one
        /// of a host that is not on the client's list.
        auth_url: Option<String>,
    },
    /// The platform has not opened the feature for this school (没有开通第三方公众号授权, 3001).
    NotOpened,
}

impl AccountAuthorization {
    /// Returns the authorized account.
    #[must_use]
    pub fn account(&self) -> Option<&Arc<OfficialAccount>> {
        match self {
            Self::Authorized(account) => Some(account),
            Self::NotAuthorized { .. } | Self::NotOpened => None,
        }
    }
}
