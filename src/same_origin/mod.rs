//! Middleware that rejects state-changing requests which a page of another origin has sent
//! (cross-site request forgery).
//!
//! The session cookie is `SameSite=Lax`, which stops forms of other *sites*. All hosts below one
//! registrable domain are one site: a page of `club.example.edu.cn` can post a form to
//! `campus.example.edu.cn`, and the cookie comes with it. This layer compares *origins*, so no
//! token in the forms is needed.
//!
//! # Behavior
//! 1. Requests with `GET`, `HEAD`, `OPTIONS` or `TRACE` pass: handlers of these methods must not
//!    change anything. All other methods are checked, also unknown ones.
//! 2. A `GET` that opens a WebSocket (`Upgrade: websocket`) is checked as well, because the browser
//!    sends cookies with it, and no CORS rule applies (cross-site WebSocket hijacking).
//! 3. A request passes if its `Origin` is the configured origin, in the spelling of browsers, and
//!    `Sec-Fetch-Site`, if present, is `same-origin`. `Origin: null` (a site that forbids
//!    referrers) needs `Sec-Fetch-Site: same-origin`. A request that has one of the headers several
//!    times is rejected.
//! 4. A request with neither header passes: no browser of today sends a state-changing request
//!    without them, and a page cannot make another client send one. A
//!    [guard](crate::guard) rejects those without a session.
//! 5. A rejected request gets `403` and never reaches the wrapped service: a page of kind
//!    [`CrossSite`](crate::response::PageKind::CrossSite) for a form, JSON (`cross_site`) for a
//!    script, a status for gRPC. A debug event is logged.
//! 6. No other header is read: neither `Host` nor `X-Forwarded-*` nor `Referer`.
//!
//! # Leave out routes that other sites post to
//! A payment gateway that notifies with a `POST` of its server passes (rule 4). One that returns
//! the *browser* with a `POST` does not, and neither does an API that pages of other origins may
//! call (CORS). Add such routes after the layer: with axum, a layer covers only the routes that
//! were added before it.
//!
//! ```
//! use axum::Router;
//! use axum::routing::{get, post};
//! # use tower_weika::login::LoginLayer;
//! # use tower_weika::provider::WeikaManagerProvider;
//!
//! # async fn form() {} async fn save() {} async fn paid() {}
//! # fn app(login: LoginLayer<WeikaManagerProvider>) -> Router {
//! Router::new()
//!     .route("/settings", get(form).post(save))
//!     .layer(login.same_origin())
//!     // Verifies the signature of the gateway itself; needs no session.
//!     .merge(Router::new().route("/pay/return", post(paid)))
//!     .layer(login)
//! # }
//! ```
//!
//! # Example
//! ```
//! use http::{Request, Response, StatusCode};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_weika::same_origin::SameOriginLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_weika::BoxError> {
//! let handler = service_fn(async |_: Request<String>| {
//!     Ok::<_, std::convert::Infallible>(Response::new("saved".to_owned()))
//! });
//! let app = SameOriginLayer::new("https://campus.example.edu.cn")?.layer(handler);
//!
//! let form = |origin: &str| Request::post("/settings").header("origin", origin).body(String::new());
//! let own = app.clone().oneshot(form("https://campus.example.edu.cn")?).await?;
//! assert_eq!(own.status(), StatusCode::OK);
//! let sibling = app.oneshot(form("https://club.example.edu.cn")?).await?;
//! assert_eq!(sibling.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;
pub use self::layer::SameOriginLayer;
pub use self::service::SameOrigin;
