//! Client of the openid-binding service (公众号-获取openId判断绑定): the account that is linked to a WeChat user.
//!
//! Source: <https://www.showdoc.com.cn/east/2107969430195298>. The operator of an official account runs a
//! service that has the account's secret. It exchanges the authorization code that WeChat gave to the browser for an
//! openid, and tells whether one of its accounts is linked (bound) to that openid:
//!
//! | `code` | meaning | becomes |
//! |---|---|---|
//! | 0 | bound | [`Binding::Bound`](crate::identity::Binding::Bound) |
//! | 2000 | not bound (微信openid未绑定用户) | [`Binding::Unbound`](crate::identity::Binding::Unbound) |
//! | any other | by [`ErrorCodes::binding`](super::ErrorCodes::binding) | an [`Error`](crate::Error) |
//!
//! 1. A response is a bound user only if `openId`, `token` and `expire` are all present and valid.
//! 2. A code is sent at most once, and a second time only if the connection failed before anything was sent. After a
//!    lost or late response it is never sent again, because it may be consumed.
//! 3. The lifetime of the credential begins before the request was sent, and is at most 7 days.
//!
//! The client is a [`Service`](tower_service::Service) of the check, so that Tower's layers can be put around it.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tower::ServiceExt;
//! use tower_weika::client::binding::BindingClient;
//! use tower_weika::client::Transport;
//! use tower_weika::{AuthorizationCode, BoxError, ErrorKind};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(tower::service_fn(|request: Request<Full<Bytes>>| async move {
//!     let body = request.into_body().collect().await?.to_bytes();
//!     let response = if body.windows(4).any(|window| window == b"used") {
//!         r#"{"code":2001,"msg":"获取微信openid失败"}"#
//!     } else {
//!         r#"{"code":2000,"msg":"微信openid未绑定用户","data":{"openId":"oKLC_v_IpjuViy0erQOD_bJuNrbg"}}"#
//!     };
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(response)))
//! }));
//! let service = BindingClient::builder("https://operator.example").transport(transport).build()?;
//!
//! let user = service.check("wx0123456789abcdef", AuthorizationCode::new("new")).await?;
//! assert_eq!(user.open_id.as_str(), "oKLC_v_IpjuViy0erQOD_bJuNrbg");
//! assert!(!user.is_bound());
//! let error = service.check("wx0123456789abcdef", AuthorizationCode::new("used")).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InvalidCode);
//!
//! // The same call as a Tower service.
//! let user = service.oneshot(("wx0123456789abcdef".into(), AuthorizationCode::new("new"))).await?;
//! assert!(!user.is_bound());
//! # Ok(())
//! # }
//! ```

mod builder;
mod client;
mod error_codes;
mod response;
mod service;

#[cfg(test)]
mod tests;

pub use builder::BindingClientBuilder;
pub use client::BindingClient;
