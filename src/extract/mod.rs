//! Extractors for axum and everything else on `axum-core`.
//!
//! [`Authenticated<I>`] refuses whoever is not logged in, and the login layer sends a person to the login;
//! `Option<Authenticated<I>>` lets everybody in. Where the layer is missing, the refusal stays as it is and
//! names the remedy; `Option<Authenticated<I>>` cannot tell a missing layer from a stranger, and is `None`.
//! A [`WechatUser`](crate::identity::WechatUser) who is logged in is not necessarily bound to an account: look at
//! [`is_bound`](crate::identity::WechatUser::is_bound), or put a guard around the route.
//!
//! ```
//! use axum::Router;
//! use axum::routing::get;
//! use tower_weika::identity::Manager;
//! use tower_weika::session::Authenticated;
//!
//! async fn admin(manager: Authenticated<Manager>) -> String {
//!     format!("你好, {}", manager.name)
//! }
//!
//! async fn home(manager: Option<Authenticated<Manager>>) -> String {
//!     manager.map_or_else(|| "你好".to_owned(), |manager| format!("你好, {}", manager.name))
//! }
//!
//! let app: Router = Router::new().route("/", get(home)).route("/admin", get(admin));
//! ```

use std::any::type_name;
use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use crate::response::Rejection;
pub use crate::session::Authenticated;
use crate::trace::debug;

impl<S: Sync, I: Send + Sync + 'static> FromRequestParts<S> for Authenticated<I> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| {
            debug!(
                requirement = %"a login",
                identity = %type_name::<I>(),
                "extractor: rejected: the request is unauthenticated; the login layer outside offers a login"
            );
            Rejection::login_required::<I>(&parts.method, &parts.headers)
        })
    }
}

impl<S: Sync, I: Send + Sync + 'static> OptionalFromRequestParts<S> for Authenticated<I> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        Self::into_response(self).map(axum_core::body::Body::new)
    }
}
