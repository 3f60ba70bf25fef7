//! Tencent Weika (腾讯微卡): the manager login and calls with the application's token.
//!
//! Source: <https://wiki.weixiao.qq.com/api/third/admin.html>. Three steps make a login: the browser goes to
//! [`authorize_url`](WeikaClient::authorize_url) and comes back with a one-time `wxcode`; the application has
//! an access token; [`manager`](WeikaClient::manager) turns the code into a
//! [`Manager`](crate::identity::Manager).
//!
//! A code is sent at most once, with two exceptions: if Weika rejects the *access token*, the client fetches another
//! one and sends the code once more; and if the connection failed before anything was sent, the client sends it once
//! more. After a lost or late response the code is never sent again, because it may be consumed.
//!
//! The client is a [`Service<AuthorizationCode>`](tower_service::Service), and [`WeikaClient::tokens`] is one for the
//! access token, so that Tower's layers can be put around the calls.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{Service, ServiceBuilder, ServiceExt};
//! use tower_weika::client::weika::WeikaClient;
//! use tower_weika::client::Transport;
//! use tower_weika::{AuthorizationCode, BoxError, ErrorKind};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(tower::service_fn(|request: Request<Full<Bytes>>| async move {
//!     let response = match request.uri().path() {
//!         "/open/cgi-bin/access-token" => r#"{"errcode":0,"access_token":"t","expires_in":7200}"#,
//!         _ => r#"{"errcode":"6001","errmsg":"invalid code"}"#,
//!     };
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(response)))
//! }));
//! let weika = WeikaClient::builder("0123456789ABCDEF", "app-secret").transport(transport).build()?;
//!
//! assert_eq!(weika.access_token().await?.expose(), "t");
//! let error = weika.manager(AuthorizationCode::new("used")).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InvalidCode);
//!
//! // The same call as a Tower service.
//! let mut service = ServiceBuilder::new().timeout(Duration::from_secs(10)).service(weika);
//! let error = service.ready().await?.call(AuthorizationCode::new("used")).await.unwrap_err();
//! assert!(error.is::<tower_weika::Error>());
//! # Ok(())
//! # }
//! ```

mod authorized_call;
mod builder;
mod client;
mod endpoint;
mod error_codes;
mod response;
mod service;

#[cfg(test)]
mod tests;

pub use builder::WeikaClientBuilder;
pub use client::WeikaClient;
pub use endpoint::WeikaTokenSource;
