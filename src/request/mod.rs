//! Facts of a request that decide the form of a generated response.
//!
//! 1. [`RequestKind`]: navigation, frame, form, script, prefetch, preflight or gRPC; with an
//!    example.
//! 2. [`UserAgent`]: which browser of WeChat, if any.
//! 3. [`Language`]: English or Chinese.
//!
//! [`Device`] is a fact for the user: browser and operating system, in a list of the user's
//! sessions.

mod accept;
mod device;
mod facts;
mod full_uri;
mod kept_headers;
mod kind;
mod language;
mod same_origin;
mod script_library;
pub(crate) mod tenant;
mod user_agent;

pub use self::device::{Browser, Device, OperatingSystem};
pub(crate) use self::facts::RequestFacts;
pub(crate) use self::full_uri::full_uri;
pub(crate) use self::kept_headers::KeptHeaders;
pub use self::kind::RequestKind;
pub use self::language::Language;
pub(crate) use self::same_origin::is_same_origin;
pub use self::user_agent::UserAgent;
