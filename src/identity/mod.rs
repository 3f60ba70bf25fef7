//! Identities of users, as the upstream systems describe them.
//!
//! 1. [`Manager`]: a manager of one or more schools, from Weika.
//! 2. [`WechatUser`]: a user of an official account, from the operator's binding service or from
//!    WeChat itself.
//! 3. [`Member`]: a member of one school, student or staff, from Weika.
//! 4. [`OfficialAccount`]: the official account of a school, from Kesion.
//!
//! The types are plain data with public fields. None of them can be serialized: some hold card
//! numbers or tokens, and only a [store](crate::store) writes those.
//!
//! An identity of the application implements [`Identity`];
//! [`IdentityProvider::map`](crate::provider::IdentityProvider::map) returns it for the identity of
//! a provider:
//!
//! ```
//! use tower_weika::identity::{Identity, WechatUser};
//!
//! #[derive(Debug)]
//! struct Member {
//!     open_id: String,
//!     has_card: bool,
//! }
//!
//! impl From<WechatUser> for Member {
//!     fn from(user: WechatUser) -> Self {
//!         Self { has_card: user.is_bound(), open_id: user.open_id.as_str().to_owned() }
//!     }
//! }
//!
//! impl Identity for Member {
//!     fn subject(&self) -> &str {
//!         &self.open_id
//!     }
//!
//!     fn is_complete(&self) -> bool {
//!         self.has_card
//!     }
//! }
//!
//! let new_member = Member::from(WechatUser::unbound("o1", "wx0123456789abcdef"));
//! assert!(!new_member.is_complete(), "a guard can redirect to the page that links a card");
//! let member = Member { has_card: true, ..new_member };
//! assert!(member.is_complete());
//! assert_eq!(member.subject(), "o1");
//! ```

#[macro_use]
mod identifier;
mod identity;
mod manager;
mod media_info;
mod member;
mod official_account;
mod real_info;
mod school;
mod wechat_user;

pub use self::identity::Identity;
pub use self::manager::{Manager, ManagerId};
pub use self::media_info::MediaInfo;
pub use self::member::{Member, MemberField, MemberId, SchoolIdentityType};
pub use self::official_account::{
    AccountAuthorization, AccountKind, AccountState, AuthorizerInfo, OfficialAccount,
};
pub use self::real_info::{IdentityType, RealInfo};
pub use self::school::School;
pub use self::wechat_user::{BearerToken, Binding, OpenId, UnionId, WechatUser};
