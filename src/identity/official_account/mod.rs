//! The official account (公众号) of a school, as Kesion's `GetWeixinAuthInfo` describes one.
//!
//! Source of every field: <https://www.showdoc.com.cn/kesionwebapi/9347782530902155>. What is in `info` is WeChat's
//! own answer, explained at
//! <https://developers.weixin.qq.com/doc/oplatform/openApi/authorization-management/api_getauthorizerinfo>. Only the
//! APPID is certain to be there. Names are what people typed in: escape them before they go into a page or a log.
//!
//! WeChat's answer also holds `authorizer_refresh_token`, with which anybody could act for the account. It is never
//! read.

mod account;
mod authorizer;

use std::sync::Arc;

pub use account::{AccountKind, OfficialAccount, OfficialAccountBuilder};
pub use authorizer::{
    AccountState, AuthorizerInfo, AuthorizerInfoBuilder, BusinessInfo, Confirmation, Permission,
};

/// Whether a school has let its platform act for its official account (公众号授权信息).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AccountAuthorization {
    /// It has (已授权), for this account.
    Authorized(Arc<OfficialAccount>),
    /// It has not yet (当前机构未授权公众号过来, 3002).
    NotAuthorized {
        /// Where an administrator of the school, and nobody else, can do so. `None` if the answer has no such link
        /// or one to an address that is not on the client's list.
        auth_url: Option<String>,
    },
    /// It cannot: the platform has not opened the feature for this school (没有开通第三方公众号授权, 3001).
    NotOpened,
}

impl AccountAuthorization {
    /// The account, if there is one.
    #[must_use]
    pub fn account(&self) -> Option<&Arc<OfficialAccount>> {
        match self {
            Self::Authorized(account) => Some(account),
            Self::NotAuthorized { .. } | Self::NotOpened => None,
        }
    }
}
