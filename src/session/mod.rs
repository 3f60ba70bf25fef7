//! Sessions of authenticated users.
//!
//! The browser has the [`SessionId`] in a cookie, a [store](crate::store) keeps the [`Session`] with this id, and a handler
//! finds an [`Authenticated`] handle of it in the request's extensions. [`SessionTimeouts`] bound its lifetime.

mod authenticated;
mod id;
mod namespace;
mod session;
mod timeouts;

pub use self::authenticated::Authenticated;
#[cfg(feature = "memory")]
pub(crate) use self::id::IdHasher;
pub use self::id::SessionId;
pub use self::namespace::Namespace;
pub use self::session::Session;
pub use self::timeouts::SessionTimeouts;
