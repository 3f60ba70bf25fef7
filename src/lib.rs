//! Login with Tencent Weika (腾讯微卡) for any Tower or hyper application.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

pub mod answer;
pub mod authenticate;
mod body;
pub mod client;
pub mod clock;
mod cookie;
pub mod error;
#[cfg(feature = "axum")]
pub mod extract;
pub mod guard;
pub mod identity;
pub mod login;
pub mod provider;
mod random;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod secret;
pub mod session;
pub mod store;
pub mod token;
mod trace;

pub use body::ResponseBody;
pub use error::{BoxError, ConfigError, Error, ErrorKind};
pub use secret::{AppSecret, AuthorizationCode};
