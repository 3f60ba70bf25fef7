//! Extractors for axum and everything else on `axum-core`.
//!
//! 1. [`Authenticated<I>`] rejects an unauthenticated request, and the login layer redirects a
//!    navigation to the login. Without that layer the response is `500` and names the remedy.
//! 2. `Option<Authenticated<I>>` accepts every request. It is `None` for an unauthenticated one,
//!    and also without the layer.
//! 3. An authenticated [`WechatUser`](crate::identity::WechatUser) may have no linked account:
//!    check [`is_bound`](crate::identity::WechatUser::is_bound), or put a
//!    [guard](crate::guard::GuardLayer::bound) around the route.
//! 4. [`SetCookies`](crate::session::SetCookies) is a part of a response.
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

mod authenticated;
mod rejection;
mod set_cookies;

#[cfg(doc)]
use crate::session::Authenticated;
