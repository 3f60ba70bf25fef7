//! Error codes of the upstream systems: the meaning of each, its remedy, and the action that it
//! calls for.
//!
//! The error codes of Weika and of WeChat overlap and mean different things (40001, 40002, 40003).
//! Therefore each client has its own table, in its `error_codes.rs`.

mod action;
mod error_codes;
#[cfg(test)]
mod tests;

pub use action::ErrorAction;
pub use error_codes::ErrorCodes;
pub(super) use error_codes::{Entry, LOG_IN_AGAIN};
