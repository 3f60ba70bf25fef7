//! The official account (公众号) of a school, as Kesion's `GetWeixinAuthInfo` describes it.

mod account_authorization;
mod account_kind;
mod account_state;
mod authorizer_info;
mod official_account;

pub use self::account_authorization::AccountAuthorization;
pub use self::account_kind::AccountKind;
pub use self::account_state::AccountState;
pub use self::authorizer_info::AuthorizerInfo;
pub use self::official_account::OfficialAccount;
