//! Who somebody is, as an upstream system says it.

use std::fmt::Debug;

mod manager;
mod official_account;

pub use manager::{IdentityType, Manager, ManagerBuilder, ManagerId, MediaInfo, RealInfo, School};
pub use official_account::{
    AccountAuthorization, AccountKind, AccountState, AuthorizerInfo, AuthorizerInfoBuilder, BusinessInfo, Confirmation,
    OfficialAccount, OfficialAccountBuilder, Permission,
};

/// Somebody that an [`IdentityProvider`](crate::provider::IdentityProvider) has recognized.
///
/// Implementations must not show secrets or card numbers in their `Debug`.
pub trait Identity: Debug + Send + Sync + 'static {
    /// The identifier that stays the same over all sessions of this person, unique within the provider.
    /// All sessions of one subject can be ended together.
    fn subject(&self) -> &str;
}
