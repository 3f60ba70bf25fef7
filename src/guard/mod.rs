//! Authorization middleware: rejects requests whose session does not satisfy a [`Requirement`].
//!
//! # Behavior
//! 1. A guard covers the service that it wraps, for every spelling of the target, every method and
//!    all headers. `OPTIONS` is no exception; put a CORS layer outside the guard, so that it
//!    responds to preflights itself.
//! 2. An unauthenticated request does not reach the wrapped service. The layer of the identity
//!    outside the guard redirects a navigation to the login and responds to other requests with
//!    `401`.
//! 3. An identity that does not satisfy the requirement gets `403`; a navigation of a WeChat user
//!    without a [linked account](GuardLayer::bound) is redirected to the page of the application
//!    that links one.
//! 4. With [`max_age`](GuardLayer::max_age) a session that is too old needs a new login: a
//!    navigation is redirected to it, other requests get `401`.
//! 5. The reason is in the response's extensions, as a [`Rejection`], and a debug event names the
//!    requirement.
//! 6. A response without `Cache-Control` gets `private, no-store` if it is a document (the response
//!    to a navigation, or HTML), else `private, no-cache`: neither a cache nor the back button may
//!    show it to another user. [`without_cache_control`](GuardLayer::without_cache_control)
//!    switches this off.
//!
//! # Guard sub-routers
//! With axum, collect the routes that need the same requirement in a separate router, and guard it
//! with `route_layer`. Every method of every route is covered then, also one that is added later:
//!
//! ```
//! use axum::Router;
//! use axum::routing::get;
//! use tower_weika::guard::GuardLayer;
//! use tower_weika::identity::Manager;
//!
//! # async fn home() {} async fn show() {} async fn save() {}
//! let managers = Router::new()
//!     .route("/settings", get(show).post(save))
//!     .route_layer(GuardLayer::<Manager>::logged_in());
//! let app: Router = Router::new().route("/", get(home)).merge(managers);
//! ```
//!
//! A layer of a single method router covers only the methods that were added **before** it: in
//! `get(show).layer(guard).post(save)` the `POST` is open to every client.
//!
//! The link of a `403` page, and the new login of `max_age`, lead back to the requested page. With
//! the feature `axum`, guards know the original path inside `nest`. Inside another router that
//! shortens paths, or without the feature, both lead to the default target.
//!
//! For services that route by themselves,
//! [`LoginLayerBuilder::guard_prefix`](crate::login::LoginLayerBuilder::guard_prefix) guards path
//! prefixes. There is no such guard for use inside a router: a nested service sees a shortened
//! path, and a prefix would not match.
//!
//! # Example
//! ```
//! use tower::{Layer, service_fn};
//! use tower_weika::guard::GuardLayer;
//! use tower_weika::identity::Manager;
//!
//! let handler = service_fn(async |_: http::Request<()>| Ok::<_, std::convert::Infallible>(http::Response::new(())));
//! let for_managers = GuardLayer::<Manager>::logged_in().layer(handler);
//! let for_role_1 = GuardLayer::<Manager>::role(1).layer(handler);
//! let for_role_1_at_one_school = GuardLayer::<Manager>::role_at("1014714333", 1).layer(handler);
//! let for_one_school = GuardLayer::<Manager>::school("1014714333").layer(handler);
//! let five_minutes = std::time::Duration::from_secs(300);
//! let for_a_recent_login = GuardLayer::<Manager>::role(1).max_age(five_minutes).layer(handler);
//! let for_managers_with_a_name = GuardLayer::<Manager>::custom(|manager: &Manager| !manager.name.is_empty()).layer(handler);
//! ```

mod authorize;
mod cache_control;
mod check;
mod future;
mod layer;
mod linked_account;
mod manager_requirement;
mod member_requirement;
mod prefix;
mod prefix_guards;
mod recent;
mod requirement;
mod service;
mod session_requirement;
#[cfg(test)]
mod tests;

pub(crate) use self::cache_control::CacheControl;
pub use self::check::{Check, CheckLayer, ResponseFuture as CheckFuture};
pub use self::future::ResponseFuture;
pub use self::layer::GuardLayer;
pub use self::linked_account::LinkedAccount;
pub use self::manager_requirement::ManagerRequirement;
pub use self::member_requirement::MemberRequirement;
pub(crate) use self::prefix_guards::PrefixGuards;
pub use self::recent::Recent;
pub use self::requirement::{LoggedIn, Requirement};
pub use self::service::Guard;
pub use self::session_requirement::SessionRequirement;
#[cfg(doc)]
use crate::response::Rejection;
