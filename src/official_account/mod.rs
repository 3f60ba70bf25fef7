//! Middleware that adds a school's official account to the extensions of every request.
//!
//! [`OfficialAccounts`] caches what Kesion answers about schools, [`SchoolAccount`] is the account of one school through
//! that cache, and [`AddOfficialAccountLayer`] inserts it into the extensions of requests.
//!
//! # The cache
//!
//! 1. An answer is fresh for 5 minutes by default; a fresh answer causes no call. *Not authorized* and *not opened* are
//!    answers too. [`invalidate`](SchoolAccount::invalidate) drops an answer, after an administrator has authorized the
//!    account.
//! 2. Without a fresh answer, all callers that ask about the school wait for one call (single-flight). It runs in a
//!    task: callers that stop waiting neither cancel nor repeat it.
//! 3. If the call fails, an answer that is at most 24 hours old is still served, also while later calls try again.
//!    Without one, all waiting callers get the error.
//! 4. After a failure there is no other call for 10 seconds by default; callers in between get the same.
//! 5. A caller that cannot wait takes the [cached](SchoolAccount::cached) answer, fresh or stale, while a call starts.
//!
//! # The middleware
//!
//! 1. An account that is already in the extensions is removed, so that only this layer can set it.
//! 2. If there is an answer, the [`AccountAuthorization`] is inserted into the extensions, and if the school has
//!    authorized an account, so is an `Arc<`[`OfficialAccount`]`>`. With a fresh answer nothing is boxed and no task
//!    starts.
//! 3. Otherwise the inner service is not called. The response is `504` if Kesion did not answer in time, `503` if the
//!    failure is in this process, and `502` in all other cases, with the [`Error`](crate::Error) in its extensions.
//!
//! The cache keeps a digest of a school's apptoken; only [`SchoolAccount`] holds the apptoken itself.
//!
//! # Example
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
//! use tower_weika::client::Transport;
//! use tower_weika::identity::OfficialAccount;
//! use tower_weika::official_account::{AddOfficialAccountLayer, OfficialAccounts};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // In place of the network.
//! let transport = Transport::new(service_fn(|request: Request<Full<Bytes>>| async move {
//!     match request.uri().host() {
//!         Some("school.example") => Ok(Response::new(Full::<Bytes>::from(r#"{"result":true,"appid":"wx1"}"#))),
//!         _ => Err(BoxError::from("no such host")),
//!     }
//! }));
//! let app = |base_url: &str| {
//!     let kesion = KesionClient::builder(base_url).transport(transport.clone()).build()?;
//!     let school = OfficialAccounts::new(kesion).school_account("0123456789abcdef0123456789abcdef");
//!     Ok::<_, BoxError>(AddOfficialAccountLayer::new(school).layer(service_fn(async |request: Request<()>| {
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
mod builder;
mod entry;
mod future;
mod inner;
mod layer;
mod lookup;
mod refresh;
mod school_account;
mod service;
#[cfg(test)]
mod tests;

pub use self::accounts::OfficialAccounts;
pub use self::builder::OfficialAccountsBuilder;
pub use self::future::ResponseFuture;
pub use self::layer::AddOfficialAccountLayer;
pub use self::school_account::SchoolAccount;
pub use self::service::AddOfficialAccount;
#[cfg(doc)]
use crate::identity::{AccountAuthorization, OfficialAccount};
