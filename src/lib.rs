//! Login with Tencent Weika (腾讯微卡) for any Tower or hyper application.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

pub mod client;
pub mod clock;
pub mod error;
pub mod identity;
mod random;
mod secret;
pub mod token;
mod trace;

pub use error::{BoxError, ConfigError, Error, ErrorKind};
pub use secret::{AppSecret, AuthorizationCode};
