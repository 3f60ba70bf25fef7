//! Provider for WeChat users: web OAuth of an official account, and the openid binding check.

mod account;
mod builder;
mod provider;
mod scope;
#[cfg(test)]
mod tests;

pub use self::builder::WechatUserProviderBuilder;
pub use self::provider::WechatUserProvider;
pub use self::scope::Scope;
