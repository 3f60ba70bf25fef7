//! Who is asking? This middleware never refuses a stranger.
//!
//! Cookie header → our one cookie → store → expiry → one [`Authenticated`] in the request's extensions.
//!
//! 1. An `Authenticated` that is already in the extensions is removed first.
//! 2. No cookie of ours, or one that is not the spelling of an id, or two that differ: the request is
//!    anonymous, and the store is not asked.
//! 3. A session that is absent or has ended: anonymous.
//! 4. The store failed: `503` with `Retry-After`. Never "anonymous", never a redirect to the login; the
//!    cookie stays as it is.
//! 5. A [`Rejection`](crate::response::Rejection) of a guard or an extractor inside becomes `401`; a
//!    [`LoginLayer`](crate::login::LoginLayer), which contains this middleware, sends people to the login
//!    instead.
//!
//! When the store answers at once, nothing is allocated but the extension, and the wrapped service is neither
//! cloned nor boxed.

mod future;
mod layer;
mod resolver;
mod service;
#[cfg(test)]
mod tests;

pub(crate) use self::future::Resolving;
pub use self::future::ResponseFuture;
pub use self::layer::AuthenticateLayer;
pub(crate) use self::resolver::{Resolver, as_store_error};
pub use self::service::Authenticate;
#[cfg(doc)]
use crate::session::Authenticated;
