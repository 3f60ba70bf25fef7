//! Kesion (科汛网校): which official account a school has authorized its platform for (获取公众号授权信息).
//!
//! Source: <https://www.showdoc.com.cn/kesionwebapi/9347782530902155>. The one call,
//! [`official_account`](KesionClient::official_account), takes the `apptoken` that Kesion's own login gives out, and
//! only reads. It is sent once more if nothing was sent because no connection could be made.
//!
//! Whether an answer counts:
//!
//! 1. It is one JSON object, as everywhere in this crate.
//! 2. This call shows no error number on success. It is a success if `result` is exactly `true`, `returnCode` is
//!    absent or 0, and there is an `appid`.
//! 3. `result` is exactly `false` and `returnCode` is 3002: the school has not authorized an account; 3001: it cannot.
//! 4. Any other `returnCode` without `result: true` is looked up in the [`CodeTable`](super::CodeTable).
//! 5. `result` is `false` and there is no `returnCode`: a [`Fault`](crate::ErrorKind::Fault); or
//!    [`Busy`](crate::ErrorKind::Busy) if `msg` passes on WeChat's complaint about its own `access_token`.
//! 6. Anything else is malformed.
//!
//! A link in an answer (`auth_url`) is only kept if its address is that of the base URL or was
//! [allowed](KesionClientBuilder::allow_host). No answer is ever quoted: Kesion's answers hold secrets.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower_weika::client::kesion::KesionClient;
//! use tower_weika::client::{RequestBody, Transport};
//! use tower_weika::identity::AccountAuthorization;
//! use tower_weika::{AppToken, BoxError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(tower::service_fn(|_: Request<RequestBody>| async {
//!     let answer = r#"{"auth_url":"https://school.example/plus/auth_url?schoolid=5","returnCode":3002,"result":false}"#;
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(answer)))
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
//! # Ok(())
//! # }
//! ```

mod answer;
mod builder;
mod client;
mod service;
#[cfg(test)]
mod tests;

pub use builder::{Encoding, KesionClientBuilder};
pub use client::KesionClient;
pub use service::OfficialAccountInfo;
