//! Login with Tencent Weika (腾讯微卡) for any Tower or hyper application.
//!
//! Weika runs campus cards and school apps for Chinese schools. [`LoginLayer`](login::LoginLayer) wraps a router:
//! it sends a school's manager to Weika, exchanges the one-time `wxcode` that comes back, keeps the session, and
//! puts an [`Authenticated<Manager>`](session::Authenticated) into the extensions of every request.
//!
//! ```
//! use axum::Router;
//! use axum::routing::get;
//! use tower_weika::guard::GuardLayer;
//! use tower_weika::identity::Manager;
//! use tower_weika::login::LoginLayer;
//! use tower_weika::provider::WeikaManagerProvider;
//! use tower_weika::session::Authenticated;
//!
//! async fn admin(manager: Authenticated<Manager>) -> String {
//!     format!("你好, {}", manager.name())
//! }
//!
//! # fn main() -> Result<(), tower_weika::ConfigError> {
//! let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
//! let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
//!
//! let app: Router = Router::new()
//!     .route("/", get(async || "open to everybody"))
//!     .route("/admin", get(admin).layer(GuardLayer::<Manager>::logged_in()))
//!     .layer(login);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! | to… | see |
//! |---|---|
//! | log people in | [`login`], and [`provider`] for a way of your own |
//! | demand something of them | [`guard`], [`extract`] |
//! | change what people see | [`answer::Pages`] |
//! | keep sessions elsewhere | [`store::SessionStore`] |
//! | call Weika yourself | [`client::weika`] |
//! | know a school's official account | [`official_account`], [`client::kesion`] |
//! | develop without an account | [`sandbox`] |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `client` | yes | upstream calls over `reqwest` with rustls; without it, bring any Tower HTTP service |
//! | `memory` | yes | [`MemoryStore`](store::MemoryStore) and the cache of [`official_account`], on moka |
//! | `axum` | | extractors |
//! | `tracing` | | events; without it the crate is silent |
//! | `sandbox` | | an imitation of the upstream systems, and a browser, for development and tests |
//! | `full` | | all of them |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code, unused_variables))))]

pub mod answer;
pub mod authenticate;
mod body;
pub mod client;
pub mod clock;
mod cookie;
pub mod error;
#[cfg(feature = "axum")]
pub mod extract;
pub mod guard;
pub mod identity;
pub mod login;
#[cfg(feature = "memory")]
pub mod official_account;
pub mod provider;
mod random;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod secret;
pub mod session;
pub mod store;
pub mod token;
mod trace;

pub use body::ResponseBody;
pub use error::{BoxError, ConfigError, Error, ErrorKind};
pub use secret::{ApiKey, AppSecret, AppToken, AuthorizationCode};

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
