//! Clients of the upstream systems, with or without the login layer around them.
//!
//! Every upstream system has its client and its [`ErrorCodes`] over one [`Transport`]. All parse a
//! response alike:
//!
//! 1. It is strict JSON, and a success only if its error code says so exactly.
//! 2. A whole number may be a JSON integer, a float without a fraction (`7200.0`), or a string that
//!    contains either.
//! 3. `access_token`, `user_id` and openids are strings; `school_code` and card numbers may also be
//!    positive whole numbers. An identifier that contains U+FFFD is rejected, because two damaged
//!    identifiers could look the same.
//! 4. Display text is cut at 512 characters. An unpaired surrogate escape or broken UTF-8 in it
//!    becomes U+FFFD.
//! 5. An optional member that cannot be parsed is ignored. Events name the ignored and the repaired
//!    members.

mod address;
pub mod binding;
mod connection;
mod credentials;
mod envelope;
mod error_codes;
mod future;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub mod kesion;
mod permits;
mod transport;
mod values;
pub mod wechat;
pub mod weika;
pub mod weika_member;

pub(crate) use address::{BaseUrl, is_loopback};
pub(crate) use connection::encoded;
pub use error_codes::{ErrorAction, ErrorCodes};
pub use future::ResponseFuture;
pub use permits::{Permit, Permits};
pub use transport::{Transport, TransportFailure};
