//! Middleware that authenticates requests from the session cookie.
//!
//! The session is looked up in a [`SessionStore`](crate::store::SessionStore). If it is live, an
//! [`Authenticated`] handle is inserted into the request's extensions; otherwise the request is
//! forwarded unauthenticated. This middleware never rejects a request for lack of a session: use
//! [`guard`](crate::guard) for that.
//!
//! # Behavior
//! 1. An `Authenticated<I>` that is already in the extensions is removed first, so that only this
//!    layer can set it.
//! 2. Without a well-formed session cookie, or with two that differ, the request is unauthenticated
//!    and the store is not queried.
//! 3. If the session is absent, revoked or expired, the request is unauthenticated.
//! 4. If the store fails, the response is `503 Service Unavailable` with `Retry-After`; the cookie
//!    is left alone. A failed store is never treated as "not logged in".
//! 5. A [`Rejection`](crate::response::Rejection) of a guard or an extractor inside becomes `401`.
//!    A [`LoginLayer`](crate::login::LoginLayer), which contains this middleware, starts a login
//!    instead.
//!
//! If the store responds at once, nothing is allocated but the extension, and the inner service is
//! neither cloned nor boxed.
//!
//! # Example
//! A service that reads the sessions of a login, as an API beside the application does:
//!
//! ```
//! use http::header::{COOKIE, SET_COOKIE};
//! use http::{HeaderMap, Request, Response};
//! use http_body_util::BodyExt;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_weika::BoxError;
//! use tower_weika::identity::Manager;
//! use tower_weika::login::LoginLayer;
//! use tower_weika::provider::WeikaManagerProvider;
//! use tower_weika::session::Authenticated;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
//! let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
//! let app = login.authenticate().layer(service_fn(async |request: Request<String>| {
//!     let manager = request.extensions().get::<Authenticated<Manager>>();
//!     let text = manager.map_or("anonymous", |manager| manager.user_id.as_str());
//!     Ok::<_, BoxError>(Response::new(text.to_owned()))
//! }));
//!
//! // Without a session the request is forwarded unauthenticated.
//! let response = app.clone().oneshot(Request::new(String::new())).await?;
//! assert_eq!(response.into_body().collect().await?.to_bytes(), "anonymous");
//!
//! // With the cookie of a live session the service finds its identity. Usually a login starts the
//! // session.
//! let mut set_cookies = HeaderMap::new();
//! let cookies = login.start_session(Manager::new("o1"), &HeaderMap::new()).await?;
//! cookies.append_to(&mut set_cookies);
//! let cookie = set_cookies[SET_COOKIE].to_str()?.split(';').next().unwrap_or_default();
//! let request = Request::get("/").header(COOKIE, cookie).body(String::new())?;
//! let response = app.oneshot(request).await?;
//! assert_eq!(response.into_body().collect().await?.to_bytes(), "o1");
//! # Ok(())
//! # }
//! ```

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
#[cfg(feature = "testing")]
pub(crate) use self::future::handle_rejection;
pub use self::layer::AuthenticateLayer;
pub(crate) use self::login_sessions::{LoginSessions, as_store_error};
#[cfg(feature = "testing")]
pub(crate) use self::request::replace_session;
pub use self::service::Authenticate;
#[cfg(doc)]
use crate::session::Authenticated;
