//! Middleware that authenticates requests from the session cookie.
//!
//! The session is looked up in a [`SessionStore`](crate::store::SessionStore). If it is live, an [`Authenticated`] handle
//! is inserted into the request's extensions; otherwise the request is forwarded unauthenticated. This middleware never
//! rejects a request for lack of a session: use [`guard`](crate::guard) for that.
//!
//! # Behavior
//! 1. An `Authenticated<I>` that is already in the extensions is removed first, so that only this layer can set it.
//! 2. Without a well-formed session cookie, or with two that differ, the request is unauthenticated and the store is not
//!    queried.
//! 3. If the session is absent, revoked or expired, the request is unauthenticated.
//! 4. If the store fails, the response is `503 Service Unavailable` with `Retry-After`; the cookie is left alone. A
//!    failed store is never treated as "not logged in".
//! 5. A [`Rejection`](crate::response::Rejection) of a guard or an extractor inside becomes `401`. A
//!    [`LoginLayer`](crate::login::LoginLayer), which contains this middleware, starts a login instead.
//!
//! If the store answers at once, nothing is allocated but the extension, and the inner service is neither cloned nor
//! boxed.

mod authenticating;
mod future;
mod layer;
mod login_sessions;
mod request;
mod service;
#[cfg(test)]
mod tests;

pub(crate) use self::authenticating::Authenticating;
pub use self::future::ResponseFuture;
pub use self::layer::AuthenticateLayer;
pub(crate) use self::login_sessions::{LoginSessions, as_store_error};
pub use self::service::Authenticate;
#[cfg(doc)]
use crate::session::Authenticated;
