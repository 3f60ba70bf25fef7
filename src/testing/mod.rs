//! Helpers for tests (feature `testing`). Enable the feature for dev-dependencies only.
//!
//! # Handlers and guards
//! [`authenticated()`] returns a layer that authenticates every request as one identity, without a
//! network, a store or a runtime. It takes the place of the
//! [`LoginLayer`](crate::login::LoginLayer):
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use http::{Request, StatusCode};
//! use tower::ServiceExt;
//! use tower_weika::{guard::GuardLayer, identity::Manager, testing};
//!
//! # tokio_test::block_on(async {
//! let admin = Router::new().route("/admin", get("secret")).layer(GuardLayer::<Manager>::logged_in());
//! let request = || Request::get("/admin").body(Body::empty());
//!
//! let manager = testing::authenticated(Manager::new("o1"));
//! let response = admin.clone().layer(manager.clone()).oneshot(request()?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! let response = admin.layer(manager.anonymous()).oneshot(request()?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! # Ok::<_, tower_weika::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! 1. An `Authenticated<I>` that is already in the extensions is replaced, as by the
//!    [real layer](crate::authenticate).
//! 2. [`created`](AuthenticatedLayer::created) sets the age of the session, for guards that require
//!    a recent login.
//! 3. [`anonymous`](AuthenticatedLayer::anonymous) makes the requests unauthenticated: a rejection
//!    is `401`, with JSON for a script.
//! 4. For two kinds of identity at once, apply two layers.
//!
//! For a test through the whole application, with its login layer and cookies, see
//! [`start_session`](crate::login::LoginLayer::start_session); for one through the upstream
//! systems, the crate `tower-weika-sandbox`.
//!
//! # Stores
//! [`store_contract`](mod@self::store_contract) contains the tests that every
//! [`SessionStore`](crate::store::SessionStore) must pass, with an example.

mod authenticated;
pub mod store_contract;

pub use self::authenticated::{
    AuthenticatedLayer, AuthenticatedService, ResponseFuture, authenticated,
};
#[doc(inline)]
pub use crate::__store_contract as store_contract;
