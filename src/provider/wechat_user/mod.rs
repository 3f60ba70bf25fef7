//! Provider for WeChat users: web OAuth of an official account or a website application, and the
//! openid from an operator's binding service or from WeChat itself.

mod account;
mod builder;
mod page;
mod provider;
mod scope;
mod source;
#[cfg(test)]
mod tests;

pub use self::builder::WechatUserProviderBuilder;
pub use self::provider::WechatUserProvider;
pub use self::scope::Scope;
