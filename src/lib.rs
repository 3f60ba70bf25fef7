//! Login with Tencent Weika (腾讯微卡) and WeChat for any Tower or hyper application.
//!
//! Weika runs campus cards and school apps for Chinese schools. [`LoginLayer`](login::LoginLayer)
//! wraps a router: it sends a school's manager to Weika, exchanges the one-time `wxcode` of the
//! callback, keeps the session, and puts an [`Authenticated<Manager>`](session::Authenticated) into
//! the extensions of every request. The same layer with another
//! [provider](provider::WechatUserProvider) recognizes the users of a school's official account,
//! and knows which of them are bound to an account.
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
//!     format!("你好, {}", manager.name)
//! }
//!
//! # fn main() -> Result<(), tower_weika::ConfigError> {
//! let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
//! let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
//!
//! let managers = Router::new().route("/admin", get(admin)).route_layer(GuardLayer::<Manager>::logged_in());
//! let app: Router = Router::new().route("/", get(async || "public")).merge(managers).layer(login);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! | to… | see |
//! |---|---|
//! | log users in | [`login`]; [`provider`] for the supported systems, and for an implementation of another one |
//! | log users in without a provider | [`LoginLayer::start_session`](login::LoginLayer::start_session) |
//! | keep an audit log | [`LoginLayerBuilder::observer`](login::LoginLayerBuilder::observer) |
//! | require a login, a role or a linked account | [`guard`], [`extract`] |
//! | reject forms that a page of a sibling host has sent | [`same_origin`] |
//! | change the pages that users see | [`response::Pages`] |
//! | put PHP and Java applications behind the same login | [`LoginLayer::forward_auth`](login::LoginLayer::forward_auth) |
//! | keep sessions over a restart, without a server | the crate `tower-weika-sqlite` |
//! | run on several instances | [`store::RedisStore`], [`coordination`] |
//! | serve many schools in one process | [`tenants`] |
//! | keep sessions elsewhere | [`store::SessionStore`] |
//! | log students and staff of a school in | [`provider::WeikaMemberProvider`], [`client::weika_member`] |
//! | call the upstream systems yourself | [`client::weika`], [`client::weika_member`], [`client::binding`], [`client::wechat`], [`client::kesion`] |
//! | know a school's official account | [`official_account`], [`client::kesion`] |
//! | test handlers and guards | `testing` |
//! | develop without an account | the crate `tower-weika-sandbox` |
//! | find the remedy for a number, a page, a status or an error kind | [`troubleshooting`] ([中文](troubleshooting::zh)) |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `client` | yes | upstream calls over `reqwest` with rustls; without it, bring any Tower HTTP service |
//! | `memory` | yes | [`MemoryStore`](store::MemoryStore) and the cache of [`official_account`] |
//! | `redis` | | [`RedisStore`](store::RedisStore): sessions, the access token and callbacks shared by several instances |
//! | `external-store` | | [`store::external`]: parts of a store outside this process, for authors of stores |
//! | `axum` | | extractors |
//! | `tracing` | | events; without it the crate is silent |
//! | `metrics` | | counters and durations for the `metrics` facade, see below |
//! | `testing` | | [`testing`]: authenticated requests without a login, and tests for implementations of the crate's traits |
//! | `full` | | all but `testing` |
//!
//! # Metrics
//!
//! Nothing is counted in the path of an ordinary request. Where a login layer names its
//! [tenant](login::LoginLayerBuilder::tenant), the metrics of logins have the label `tenant` as well.
//!
//! | name | kind | labels | counts |
//! |---|---|---|---|
//! | `tower_weika_logins_begun_total` | counter | `provider` | redirects to the provider, silent logins included |
//! | `tower_weika_logins_total` | counter | `provider`, `outcome` | completed logins: `success`, `declined`, or the [`ErrorKind`] in lower case |
//! | `tower_weika_callbacks_refused_total` | counter | `provider` | callbacks with a state that is forged, expired, replayed or foreign |
//! | `tower_weika_codes_refused_total` | counter | `provider` | codes that the upstream system rejected; alert on a rise, which means a flood of invalid codes |
//! | `tower_weika_exchanges_rejected_total` | counter | `provider`, `reason` | codes that were not sent: `overloaded` (no permit), `throttled`, `quota` |
//! | `tower_weika_logouts_total` | counter | `provider` | logouts of a live session |
//! | `tower_weika_token_fetches_total` | counter | `outcome` | fetches of an access token |
//! | `tower_weika_store_failures_total` | counter | | failures of the session store |
//! | `tower_weika_foreign_replies_total` | counter | | replies of Redis that belong to another request; they are discarded |
//! | `tower_weika_upstream_seconds` | histogram | `call`, `outcome` | requests to the upstream systems, from connecting to the last byte |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code, unused_variables))))]

pub mod authenticate;
mod body;
pub mod client;
pub mod clock;
mod cookie;
pub mod coordination;
mod error;
#[cfg(feature = "axum")]
pub mod extract;
mod flight;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod guard;
#[cfg(test)]
mod guide_tests;
mod hex;
pub mod identity;
mod key_material;
mod log_limit;
pub mod login;
mod meter;
#[cfg(feature = "memory")]
pub mod official_account;
pub mod provider;
mod public_url;
mod random;
#[cfg(any(feature = "client", feature = "redis"))]
mod remedy;
pub mod request;
pub mod response;
pub mod same_origin;
mod secret;
pub mod session;
#[cfg(simulation)]
pub mod simulation;
pub mod store;
pub mod tenants;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;
mod trace;
pub use body::ResponseBody;
pub use error::{BoxError, ConfigError, ConfigErrorKind, Error, ErrorKind};
pub use secret::{AccessToken, ApiKey, AppSecret, AppToken, AuthorizationCode};

#[cfg(doc)]
#[doc = include_str!("../docs/guide/en/src/troubleshooting.md")]
pub mod troubleshooting {
    #[doc = include_str!("../docs/guide/zh/src/troubleshooting.md")]
    pub mod zh {}
}

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../README.zh-CN.md")]
struct Readme;

/// The programs of the guide are tests. One line for each chapter, in the order of its
/// `SUMMARY.md`.
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/en/src/introduction.md")]
#[doc = include_str!("../docs/guide/zh/src/introduction.md")]
#[doc = include_str!("../docs/guide/en/src/first-login.md")]
#[doc = include_str!("../docs/guide/zh/src/first-login.md")]
#[doc = include_str!("../docs/guide/en/src/guards-and-roles.md")]
#[doc = include_str!("../docs/guide/zh/src/guards-and-roles.md")]
#[doc = include_str!("../docs/guide/en/src/your-own-users.md")]
#[doc = include_str!("../docs/guide/zh/src/your-own-users.md")]
#[doc = include_str!("../docs/guide/en/src/devices.md")]
#[doc = include_str!("../docs/guide/zh/src/devices.md")]
#[doc = include_str!("../docs/guide/en/src/members.md")]
#[doc = include_str!("../docs/guide/zh/src/members.md")]
#[doc = include_str!("../docs/guide/en/src/wechat.md")]
#[doc = include_str!("../docs/guide/zh/src/wechat.md")]
#[doc = include_str!("../docs/guide/en/src/single-page-applications.md")]
#[doc = include_str!("../docs/guide/zh/src/single-page-applications.md")]
#[doc = include_str!("../docs/guide/en/src/testing.md")]
#[doc = include_str!("../docs/guide/zh/src/testing.md")]
#[doc = include_str!("../docs/guide/en/src/behind-nginx.md")]
#[doc = include_str!("../docs/guide/zh/src/behind-nginx.md")]
#[doc = include_str!("../docs/guide/en/src/forward-auth.md")]
#[doc = include_str!("../docs/guide/zh/src/forward-auth.md")]
#[doc = include_str!("../docs/guide/en/src/under-a-path.md")]
#[doc = include_str!("../docs/guide/zh/src/under-a-path.md")]
#[doc = include_str!("../docs/guide/en/src/moving-over.md")]
#[doc = include_str!("../docs/guide/zh/src/moving-over.md")]
#[doc = include_str!("../docs/guide/en/src/session-file.md")]
#[doc = include_str!("../docs/guide/zh/src/session-file.md")]
#[doc = include_str!("../docs/guide/en/src/several-instances.md")]
#[doc = include_str!("../docs/guide/zh/src/several-instances.md")]
#[doc = include_str!("../docs/guide/en/src/many-schools.md")]
#[doc = include_str!("../docs/guide/zh/src/many-schools.md")]
#[doc = include_str!("../docs/guide/en/src/private-platforms.md")]
#[doc = include_str!("../docs/guide/zh/src/private-platforms.md")]
#[doc = include_str!("../docs/guide/en/src/consoles.md")]
#[doc = include_str!("../docs/guide/zh/src/consoles.md")]
#[doc = include_str!("../docs/guide/en/src/operating.md")]
#[doc = include_str!("../docs/guide/zh/src/operating.md")]
#[doc = include_str!("../docs/guide/en/src/troubleshooting.md")]
#[doc = include_str!("../docs/guide/zh/src/troubleshooting.md")]
struct Guide;
