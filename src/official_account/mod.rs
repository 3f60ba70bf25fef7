//! The official account of a school, in the extensions of every request.
//!
//! [`OfficialAccounts`] remembers what Kesion says about schools, a [`SchoolAccount`] is its view of one school, and
//! [`OfficialAccountLayer`] puts that into the request's extensions.
//!
//! What is remembered:
//!
//! 1. An answer is fresh for 5 minutes, unless set otherwise: nobody is asked. *Not authorized* and *not opened* are
//!    answers too. [`invalidate`](SchoolAccount::invalidate) forgets one, after an administrator has authorized the
//!    account.
//! 2. Without a fresh answer, everybody who asks about the school waits for one and the same call. It belongs to a
//!    task: whoever stops waiting neither ends nor repeats it.
//! 3. If the call fails, an answer that is not older than 24 hours goes on being served, also while later calls try
//!    again. Without one, all who waited are told of the failure.
//! 4. After a failure there is no other call for 10 seconds, unless set otherwise; whoever asks in the meantime is
//!    told the same.
//! 5. Who cannot wait takes what is [known](SchoolAccount::known), fresh or not, while a call begins.
//!
//! What the layer does with a request:
//!
//! 1. An account that somebody else has put into the extensions is removed.
//! 2. If there is an answer, the [`AccountAuthorization`] goes into the extensions, and if the school has authorized
//!    an account, so does an `Arc<`[`OfficialAccount`]`>`. With a fresh answer nothing is boxed and no task starts.
//! 3. If there is none, the wrapped service is not called: `504` if Kesion did not answer in time, `503` if the failure
//!    is in this process, else `502`. The [`Error`](crate::Error) is in the response's extensions.
//!
//! The token of the school is kept as a digest only, except in [`SchoolAccount`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_weika::BoxError;
//! use tower_weika::client::kesion::KesionClient;
//! use tower_weika::client::{RequestBody, Transport};
//! use tower_weika::identity::OfficialAccount;
//! use tower_weika::official_account::{OfficialAccountLayer, OfficialAccounts};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(service_fn(|request: Request<RequestBody>| async move {
//!     match request.uri().host() {
//!         Some("school.example") => Ok(Response::new(Full::<Bytes>::from(r#"{"result":true,"appid":"wx1"}"#))),
//!         _ => Err(BoxError::from("no such host")),
//!     }
//! }));
//! let app = |base_url: &str| {
//!     let kesion = KesionClient::builder(base_url).transport(transport.clone()).build()?;
//!     let school = OfficialAccounts::new(kesion).school("0123456789abcdef0123456789abcdef");
//!     Ok::<_, BoxError>(OfficialAccountLayer::new(school).layer(service_fn(async |request: Request<()>| {
//!         let account = request.extensions().get::<Arc<OfficialAccount>>();
//!         Ok::<_, BoxError>(Response::new(account.map(|it| it.app_id.clone()).unwrap_or_default()))
//!     })))
//! };
//!
//! let known = app("https://school.example")?.oneshot(Request::new(())).await?;
//! assert_eq!(known.status(), StatusCode::OK);
//! let unknown = app("https://other.example")?.oneshot(Request::new(())).await?;
//! assert_eq!(unknown.status(), StatusCode::BAD_GATEWAY);
//! # Ok(())
//! # }
//! ```

mod accounts;
mod future;
mod layer;
mod refresh;
mod school;
mod service;
#[cfg(test)]
mod tests;

pub use self::accounts::{OfficialAccounts, OfficialAccountsBuilder};
pub use self::future::ResponseFuture;
pub use self::layer::OfficialAccountLayer;
pub use self::school::SchoolAccount;
pub use self::service::WithOfficialAccount;
#[cfg(doc)]
use crate::identity::{AccountAuthorization, OfficialAccount};
