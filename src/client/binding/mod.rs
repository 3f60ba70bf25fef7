//! The openid-binding service (公众号-获取openId判断绑定): whose account is behind a WeChat user's code.
//!
//! Source: <https://www.showdoc.com.cn/east/2107969430195298>. The operator of an official account has a
//! service that holds the account's secret. It turns the one-time code that WeChat gave to the browser into an
//! openid, and says whether one of its own accounts is bound to that openid:
//!
//! | `code` | meaning | becomes |
//! |---|---|---|
//! | 0 | bound, and logged in | [`Binding::Bound`](crate::identity::Binding::Bound) |
//! | 2000 | not bound (微信openid未绑定用户) | [`Binding::Unbound`](crate::identity::Binding::Unbound) |
//! | any other | by [`CodeTable::binding`](super::CodeTable::binding) | an [`Error`](crate::Error) |
//!
//! 1. An answer is a bound user only if `openId`, `token` and `expire` are all there and usable.
//! 2. A code is sent at most once. Only if nothing was sent, because no connection could be made, it is sent
//!    once more. An answer that was lost or late is never asked for again, because the code may be spent.
//! 3. The credential's life counts from before the request was sent, and is at most 7 days.
//!
//! The check is also a [`tower::Service`](tower_service::Service): [`BindingClient::binding_service`].
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tower_weika::client::binding::BindingClient;
//! use tower_weika::client::{RequestBody, Transport};
//! use tower_weika::{AuthorizationCode, BoxError, ErrorKind};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(tower::service_fn(|request: Request<RequestBody>| async move {
//!     let body = request.into_body().collect().await?.to_bytes();
//!     let answer = if body.windows(5).any(|window| window == b"spent") {
//!         r#"{"code":2001,"msg":"获取微信openid失败"}"#
//!     } else {
//!         r#"{"code":2000,"msg":"微信openid未绑定用户","data":{"openId":"oKLC_v_IpjuViy0erQOD_bJuNrbg"}}"#
//!     };
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(answer)))
//! }));
//! let service = BindingClient::builder("https://operator.example").transport(transport).build()?;
//!
//! let user = service.check("wx0123456789abcdef", AuthorizationCode::new("fresh")).await?;
//! assert_eq!(user.open_id.as_str(), "oKLC_v_IpjuViy0erQOD_bJuNrbg");
//! assert!(!user.is_bound());
//! let refused = service.check("wx0123456789abcdef", AuthorizationCode::new("spent")).await.unwrap_err();
//! assert_eq!(refused.kind(), ErrorKind::InvalidCode);
//! # Ok(())
//! # }
//! ```

mod answer;
mod builder;
mod client;
mod service;

#[cfg(test)]
mod tests;

pub use builder::BindingClientBuilder;
pub use client::BindingClient;
pub use service::BindingCheck;
