//! A live login on our side.
//!
//! The browser holds a [`SessionId`]; a [store](crate::store) holds the [`Session`] under it; handlers hold an
//! [`Authenticated`], a cheap handle on the session.

mod authenticated;
mod id;
#[expect(clippy::module_inception, reason = "the file that one looks for")]
mod session;
mod timeouts;

pub use self::authenticated::Authenticated;
#[cfg(feature = "memory")]
pub(crate) use self::id::IdHasher;
pub use self::id::SessionId;
pub use self::session::Session;
pub use self::timeouts::SessionTimeouts;
