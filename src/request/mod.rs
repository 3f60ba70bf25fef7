//! Facts of a request that decide the form of a generated response.
//!
//! 1. [`RequestKind`]: navigation, frame, form, script, prefetch, preflight or gRPC.
//! 2. [`UserAgent`]: which browser of WeChat, if any.
//! 3. [`Language`]: English or Chinese.

mod kind;
mod language;
mod reader;
mod user_agent;

pub use self::kind::RequestKind;
pub use self::language::Language;
pub(crate) use self::reader::{Origins, Reader};
pub use self::user_agent::UserAgent;
