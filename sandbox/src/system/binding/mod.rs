//! Service that exchanges a WeChat code for the openid and tells to which user it is bound, as
//! <https://www.showdoc.com.cn/east/2107969430195298> describes it.

mod account;
mod behaviours;
mod refusal;
mod service;
mod sms;
mod state;

pub(crate) use self::account::Accounts;
pub(crate) use self::behaviours::BEHAVIOURS;
pub use self::refusal::BindingRefusal;
pub(crate) use self::service::Binding;
pub(crate) use self::sms::Sms;
pub use self::state::BindingState;
