//! Identities of users, as the upstream systems describe them.
//!
//! 1. [`Manager`]: a manager of one or more schools, from Weika.
//! 2. [`WechatUser`]: a user of an official account, from the operator's binding service.
//! 3. [`OfficialAccount`]: the official account of a school, from Kesion.
//!
//! The types are plain data with public fields. None of them can be serialized: some hold card numbers or tokens, and
//! only a [store](crate::store) writes those.

#[macro_use]
mod identifier;
mod identity;
mod manager;
mod media_info;
mod official_account;
mod real_info;
mod school;
mod wechat_user;

pub use self::identity::Identity;
pub use self::manager::{Manager, ManagerId};
pub use self::media_info::MediaInfo;
pub use self::official_account::{
    AccountAuthorization, AccountKind, AccountState, AuthorizerInfo, OfficialAccount,
};
pub use self::real_info::{IdentityType, RealInfo};
pub use self::school::School;
pub use self::wechat_user::{BearerToken, Binding, OpenId, WechatUser};
