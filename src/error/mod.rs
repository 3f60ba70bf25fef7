//! Errors of calls and of the configuration.
//!
//! 1. [`Error`]: a failure of an upstream system, of a store or of this process. Its
//!    [`kind`](Error::kind) determines how the caller proceeds.
//! 2. [`ConfigError`]: every error of a configuration at once.
//!
//! An invalid request of a client is never an `Error`: it is a response. An `Error` never carries a
//! body, a URL, a token or an authorization code.
//!
//! ```
//! use tower_weika::error::ConfigErrorKind;
//! use tower_weika::provider::WeikaManagerProvider;
//! use tower_weika::{Error, ErrorKind};
//!
//! /// A sentence for the user of a form that calls an upstream system.
//! fn advice(error: &Error) -> &'static str {
//!     match error.kind() {
//!         ErrorKind::InvalidCode | ErrorKind::Lost | ErrorKind::Timeout => "Please log in again.",
//!         ErrorKind::Denied => "This account is not allowed to do that.",
//!         ErrorKind::Busy | ErrorKind::Overloaded => "Please try again in a minute.",
//!         _ => "Please contact the administrator.",
//!     }
//! }
//! let error = Error::new(ErrorKind::Busy, "manager info");
//! assert_eq!(advice(&error), "Please try again in a minute.");
//!
//! // All errors of a configuration are reported at once.
//! let error = WeikaManagerProvider::builder("", "").base_url("no URL").build().unwrap_err();
//! assert!(error.errors().iter().any(|kind| matches!(kind, ConfigErrorKind::InvalidUrl { .. })));
//! assert!(error.errors().len() > 1);
//! ```

mod config_error;
mod config_error_kind;
mod error;
mod kind;

pub use self::config_error::ConfigError;
pub use self::config_error_kind::ConfigErrorKind;
pub(crate) use self::config_error_kind::shown_url;
pub use self::error::{BoxError, Error};
pub use self::kind::ErrorKind;
pub(crate) use self::kind::kind_name;
