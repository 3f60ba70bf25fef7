//! Client of WeChat's API for an application that has its own secret: the WeChat user to whom a
//! code was issued.
//!
//! Source: <https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html>
//! (换取用户授权凭证). Without the secret, an operator's [binding service](super::binding)
//! exchanges the codes.
//!
//! 1. A response is a user only if it has no `errcode`, and `access_token` and `openid` are valid:
//!    this is the one call of this crate whose documents show a success without an error code. An
//!    `errcode` that is present must be 0.
//! 2. `unionid` is optional. The tokens of the response are not kept: no later call needs them.
//! 3. A snapshot of a page (快照页) has a virtual account. Unless `is_snapshotuser` is absent,
//!    `null`, `false` or 0, the user is [denied](crate::ErrorKind::Denied); see
//!    [`allow_snapshot_users`](WechatClientBuilder::allow_snapshot_users).
//! 4. A code is sent at most once, and a second time only if the connection failed before anything
//!    was sent. After a lost or late response it is never sent again, because it may be consumed.
//! 5. WeChat requires the secret and the code in the query of the URL. No error, event or metric of
//!    this crate contains that URL; a [transport](super::Transport) of the application must not log
//!    it either.
//!
//! The client is a [`Service`](tower_service::Service) of the exchange, so that Tower's layers can
//! be put around it.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::ServiceExt;
//! use tower_weika::client::wechat::WechatClient;
//! use tower_weika::client::Transport;
//! use tower_weika::{AuthorizationCode, BoxError, ErrorKind};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(tower::service_fn(|request: Request<Full<Bytes>>| async move {
//!     let is_used = request.uri().query().is_some_and(|query| query.contains("code=used"));
//!     let response = if is_used {
//!         r#"{"errcode":40163,"errmsg":"code been used, rid: 632bc26a"}"#
//!     } else {
//!         r#"{"access_token":"ACCESS_TOKEN","expires_in":7200,"refresh_token":"REFRESH_TOKEN",
//!             "openid":"oKLC_v_IpjuViy0erQOD_bJuNrbg","scope":"snsapi_base"}"#
//!     };
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(response)))
//! }));
//! let wechat = WechatClient::builder("wx0123456789abcdef", "app-secret").transport(transport).build()?;
//!
//! let user = wechat.user(AuthorizationCode::new("new")).await?;
//! assert_eq!(user.open_id.as_str(), "oKLC_v_IpjuViy0erQOD_bJuNrbg");
//! let error = wechat.user(AuthorizationCode::new("used")).await.unwrap_err();
//! assert_eq!((error.kind(), error.upstream_code()), (ErrorKind::InvalidCode, Some(40163)));
//!
//! // The same call as a Tower service.
//! let user = wechat.oneshot(AuthorizationCode::new("new")).await?;
//! assert_eq!(user.app_id, "wx0123456789abcdef");
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

pub use builder::WechatClientBuilder;
pub use client::WechatClient;
