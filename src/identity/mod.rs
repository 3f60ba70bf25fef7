//! Who somebody is, as an upstream system says it.

use std::fmt::Debug;

mod manager;
mod official_account;
mod wechat_user;

pub use manager::{IdentityType, Manager, ManagerBuilder, ManagerId, MediaInfo, RealInfo, School};
pub use official_account::{
    AccountAuthorization, AccountKind, AccountState, AuthorizerInfo, AuthorizerInfoBuilder,
    BusinessInfo, Confirmation, OfficialAccount, OfficialAccountBuilder, Permission,
};
pub use wechat_user::{BearerToken, Binding, OpenId, WechatUser};

/// Somebody that an [`IdentityProvider`](crate::provider::IdentityProvider) has recognized.
///
/// Implementations must not show secrets or card numbers in their `Debug`.
pub trait Identity: Debug + Send + Sync + 'static {
    /// The identifier that stays the same over all sessions of this person, unique within the provider.
    /// All sessions of one subject can be ended together.
    fn subject(&self) -> &str;

    /// Whether nothing is left to be done about this person, such as binding an account. Where something is, the
    /// login layer remembers what they asked for, so that a guard can send them to the page where it is done and
    /// back ([`Reason::Unbound`](crate::response::Reason::Unbound)).
    fn is_complete(&self) -> bool {
        true
    }
}
