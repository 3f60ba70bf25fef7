//! May they? Middleware that demands something of the identity.
//!
//! 1. What a guard wraps is guarded, whatever the spelling of the target, the method or the headers (rule P3).
//!    `OPTIONS` is no exception; put a CORS layer around the guard, so that it answers preflights itself.
//! 2. Nobody is logged in → the wrapped service is not called; the layer of the identity around the guard
//!    sends a person to the login and answers `401` to everything else.
//! 3. Somebody is logged in and does not meet the [`Requirement`] → `403`; a WeChat user who is not
//!    [bound](GuardLayer::bound) and navigates is sent to the page of the application where that is done.
//! 4. The reason is in the response's extensions, as a [`Rejection`].
//!
//! ```
//! use tower::{Layer, service_fn};
//! use tower_weika::guard::GuardLayer;
//! use tower_weika::identity::Manager;
//!
//! let handler = service_fn(async |_: http::Request<()>| Ok::<_, std::convert::Infallible>(http::Response::new(())));
//! let for_managers = GuardLayer::<Manager>::logged_in().layer(handler);
//! let for_role_1 = GuardLayer::<Manager>::role(1).layer(handler);
//! let for_one_school = GuardLayer::<Manager>::school("1014714333").layer(handler);
//! let for_the_named = GuardLayer::<Manager>::custom(|manager: &Manager| !manager.name().is_empty()).layer(handler);
//! ```

mod future;
mod layer;
mod prefix;
mod requirement;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;
pub use self::layer::GuardLayer;
pub use self::requirement::{Bound, LoggedIn, Requirement, Role, School};
pub use self::service::Guard;
pub use crate::answer::{Reason, Rejection};
