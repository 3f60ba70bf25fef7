//! Client of Kesion (科汛网校): the official account for which a school has authorized its platform (获取公众号授权信息).
//!
//! Source: <https://www.showdoc.com.cn/kesionwebapi/9347782530902155>. The one call,
//! [`official_account`](KesionClient::official_account), takes the `apptoken` that Kesion's login issues, and only
//! reads. It is sent a second time if the connection failed before anything was sent.
//!
//! Rules for a response:
//!
//! 1. It is one JSON object, as everywhere in this crate.
//! 2. The documented success has no error code. A response is a success if `result` is exactly `true`, `returnCode` is
//!    absent or 0, and there is an `appid`.
//! 3. `result` is exactly `false` and `returnCode` is 3002: the school has not authorized an account; 3001: it cannot.
//! 4. Any other `returnCode` without `result: true` is looked up in the [`ErrorCodes`](super::ErrorCodes).
//! 5. `result` is `false` and there is no `returnCode`: a [`Fault`](crate::ErrorKind::Fault); or
//!    [`Busy`](crate::ErrorKind::Busy) if `msg` passes on an error of WeChat about Kesion's `access_token`.
//! 6. Anything else is malformed.
//!
//! A link in a response (`auth_url`) is only kept if its address is that of the base URL or was
//! [allowed](KesionClientBuilder::allow_host). No error quotes a response, because Kesion's responses contain secrets.
//!
//! The client is a [`Service<AppToken>`](tower_service::Service), so that Tower's layers can be put around the call.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::ServiceExt;
//! use tower_weika::client::kesion::KesionClient;
//! use tower_weika::client::Transport;
//! use tower_weika::identity::AccountAuthorization;
//! use tower_weika::{AppToken, BoxError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(tower::service_fn(|_: Request<Full<Bytes>>| async {
//!     let response = r#"{"auth_url":"https://school.example/plus/auth_url?schoolid=5","returnCode":3002,"result":false}"#;
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(response)))
//! }));
//! let kesion = KesionClient::builder("https://school.example").transport(transport).build()?;
//!
//! match kesion.official_account(&AppToken::new("0123456789abcdef0123456789abcdef")).await? {
//!     AccountAuthorization::Authorized(account) => println!("{}", account.app_id),
//!     AccountAuthorization::NotAuthorized { auth_url } => {
//!         assert_eq!(auth_url.as_deref(), Some("https://school.example/plus/auth_url?schoolid=5"));
//!     }
//!     _ => println!("the platform has not opened this for the school"),
//! }
//!
//! // The same call as a Tower service.
//! let outcome = kesion.oneshot(AppToken::new("0123456789abcdef0123456789abcdef")).await?;
//! assert!(outcome.account().is_none());
//! # Ok(())
//! # }
//! ```

mod authorizer;
mod builder;
mod client;
mod encoding;
mod error_codes;
mod official_account;
mod response;
mod service;
#[cfg(test)]
mod tests;

pub use builder::KesionClientBuilder;
pub use client::KesionClient;
pub use encoding::Encoding;
