//! Errors of calls and of the configuration.
//!
//! 1. [`Error`]: a failure of an upstream system, of a store or of this process. Its
//!    [`kind`](Error::kind) determines how the caller proceeds.
//! 2. [`ConfigError`]: every error of a configuration at once.
//!
//! An invalid request of a client is never an `Error`: it is a response. An `Error` never carries a
//! body, a URL, a token or an authorization code. The [`reason`](Error::reason) of a denial is text of
//! the application for the user, and in no log.

mod config_error;
mod config_error_kind;
mod denied_user;
mod error;
mod kind;

pub use self::config_error::ConfigError;
pub use self::config_error_kind::ConfigErrorKind;
pub(crate) use self::config_error_kind::shown_url;
pub(crate) use self::denied_user::DeniedUser;
pub use self::error::{BoxError, Error};
pub use self::kind::ErrorKind;
pub(crate) use self::kind::kind_name;
