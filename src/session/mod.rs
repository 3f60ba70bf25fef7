//! Sessions of authenticated users.
//!
//! The browser has the [`SessionId`] in a cookie, a [store](crate::store) keeps the [`Session`]
//! with this id, and a handler finds an [`Authenticated`] handle of it in the request's extensions.
//! [`SessionTimeouts`] bound its lifetime. [`SessionInfo`] describes it in a list of the user's
//! sessions.
//!
//! 1. A session expires after the idle timeout without a use, and at the absolute timeout even if
//!    it is in use. A use is recorded once a minute at most.
//! 2. A logout or a revocation removes it from the store.
//! 3. A login always starts a session with a new id (session fixation), and revokes the previous
//!    one of the browser.
//!
//! A session without a use expires after the idle timeout, and a session in use at the absolute
//! timeout:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_weika::clock::Timestamp;
//! use tower_weika::identity::Manager;
//! use tower_weika::session::{Session, SessionId, SessionTimeouts};
//!
//! let minutes = |number: u64| Duration::from_secs(60 * number);
//! let login = Timestamp::from_unix_seconds(1_700_000_000);
//! let timeouts = SessionTimeouts::new(minutes(30), minutes(45));
//! let session = Session::new(SessionId::random()?, Manager::new("o1"), timeouts, login);
//!
//! assert!(session.is_live(login.plus(minutes(29))));
//! assert!(!session.is_live(login.plus(minutes(31))));
//!
//! session.touch(login.plus(minutes(29)));
//! assert!(session.is_live(login.plus(minutes(31))));
//! assert!(!session.is_live(login.plus(minutes(46))));
//! # Ok::<_, tower_weika::Error>(())
//! ```

mod authenticated;
mod digest;
mod id;
mod info;
mod namespace;
mod session;
mod timeouts;

pub use self::authenticated::Authenticated;
pub use self::digest::SessionDigest;
#[cfg(feature = "memory")]
pub(crate) use self::id::IdHasher;
pub use self::id::SessionId;
pub use self::info::SessionInfo;
pub use self::namespace::Namespace;
pub use self::session::Session;
pub use self::timeouts::SessionTimeouts;
pub use crate::cookie::SetCookies;
