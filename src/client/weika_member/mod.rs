//! Tencent Weika (腾讯微卡): the login of members, students and staff, of one school.
//!
//! Sources: <https://wiki.weixiao.qq.com/api/third/oauth/access_token.html>,
//! <https://wiki.weixiao.qq.com/api/third/oauth/get_user_info.html> and
//! <https://cloud.tencent.com/document/api/1523/87715>. Three steps make a login: the browser goes
//! to [`h5_authorize_url`](WeikaMemberClient::h5_authorize_url) in WeChat, to
//! [`pc_authorize_url`](WeikaMemberClient::pc_authorize_url) elsewhere, and returns with a one-time
//! `wxcode`; [`member`](WeikaMemberClient::member) exchanges the code for the member's token and
//! looks up the [`Member`](crate::identity::Member) with it.
//!
//! 1. A code is sent at most once, and a second time only if the connection failed before anything
//!    was sent. After a lost or late response it is never sent again, because it may be consumed.
//! 2. The member's token serves that one lookup and is dropped; `refresh_token` is never read.
//! 3. A failure is an `errcode`, or an OAuth error (`error`). A token response without
//!    `access_token` is a failure in any case.
//! 4. A response whose `ocode` is not the configured one is rejected: card numbers are unique
//!    within a school only.
//! 5. Only the [fields](WeikaMemberClientBuilder::fields) that the application asks for are read.
//!
//! The school's own token ([`tokens`](WeikaMemberClient::tokens)) is another one: no login needs
//! it. It is for calls such as the school's list of [identity types](IdentityTypes).
//!
//! The client is a [`Service`](tower_service::Service) of the exchange, so that Tower's layers can
//! be put around it.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tower::ServiceExt;
//! use tower_weika::client::Transport;
//! use tower_weika::client::weika_member::WeikaMemberClient;
//! use tower_weika::identity::IdentityType;
//! use tower_weika::{AuthorizationCode, BoxError, ErrorKind};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(tower::service_fn(|request: Request<Full<Bytes>>| async move {
//!     let path = request.uri().path().to_owned();
//!     let body = request.into_body().collect().await?.to_bytes();
//!     let response = match &*path {
//!         _ if body.windows(4).any(|window| window == b"used") => r#"{"error":"invalid_grant"}"#,
//!         "/connect/oauth2/token" => r#"{"access_token":"t","expires_in":7200,"ocode":"1014714333"}"#,
//!         "/connect/oauth/get-user-info" => {
//!             r#"{"errcode":0,"ocode":"1014714333","card_number":"20230042","name":"陈小明","identity_type":"6"}"#
//!         }
//!         "/cgi-bin/oauth2/token" => r#"{"access_token":"s","expires_in":7200}"#,
//!         _ => r#"{"errcode":0,"list":[{"identity_type":6,"name":"本科生","classification":2}]}"#,
//!     };
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(response)))
//! }));
//! let weika = WeikaMemberClient::builder("0123456789ABCDEF", "app-secret", "1014714333");
//! let weika = weika.transport(transport).build()?;
//!
//! let back = "https://campus.example.edu.cn/auth/weika-member/callback";
//! let member = weika.member(AuthorizationCode::new("new"), back).await?;
//! assert_eq!((&*member.name, member.card_number()), ("陈小明", "20230042"));
//! let entry = weika.identity_types().of(&member).await?.ok_or("not on the school's list")?;
//! assert_eq!((&*entry.name, entry.classification), ("本科生", Some(IdentityType::Student)));
//!
//! // The same call as a Tower service.
//! let error = weika.oneshot((AuthorizationCode::new("used"), back.into())).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InvalidCode);
//! # Ok(())
//! # }
//! ```

mod builder;
mod client;
mod endpoint;
mod error_codes;
mod identity_types;
mod response;
mod scope;
mod service;

#[cfg(test)]
mod tests;

pub use builder::WeikaMemberClientBuilder;
pub use client::WeikaMemberClient;
pub use endpoint::SchoolTokenSource;
pub use identity_types::IdentityTypes;
pub use scope::MemberScope;
