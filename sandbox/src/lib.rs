//! A faithful imitation of the upstream systems, over real sockets, for development and for tests.
//!
//! A [`Sandbox`] listens on loopback and answers as the documents say: one-time codes, tokens that age,
//! `"6001"` as a string, an empty entry among the schools. It does not share a line with the client code of
//! this crate, so that a mistake there is not repeated here. It plays four systems:
//!
//! - *Weika*, where a manager logs in ([`Person`]);
//! - *WeChat's* page that gives an official account a code for whoever is looking ([`Follower`]);
//! - the *binding service*, which turns that code into an openid, and into a token if the openid is bound;
//! - *Kesion's* lookup of the official account that a school has authorized ([`KesionState`]).
//!
//! What tests switch by calls, a person switches at `/sandbox/control`.
//!
//! The rules of the play:
//!
//! 1. Out of the box it shows only what is documented, and where nothing is, what is most likely.
//!    [`behaviours`] lists everything with its [`Provenance`].
//! 2. A [`Quirk`] makes a right answer look different, as real ones do. All are off by default.
//! 3. A [`Fault`] makes something go wrong at an [`Endpoint`], a counted number of times.
//! 4. The [`Ledger`] counts calls, tokens and the fate of each code, so that a test can say "this code was
//!    spent once". It never holds a code or a token.
//!
//! The [`Browser`] is the other end: cookies, redirects and headers as real browsers have them, so that a
//! login can be walked through from the first request to the last.
//!
//! This is no place for real credentials: everybody who reaches the port can log in as anybody.
//!
//! ```
//! use tower_weika_sandbox::{Browser, Endpoint, Fault, Sandbox};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let sandbox = Sandbox::start().await?;
//! let login = format!(
//!     "{}/open/auth/manager-connect?app_key={}&redirect_uri=http%3A%2F%2Fapp.example%2Fback&state=S",
//!     sandbox.base_url(),
//!     sandbox.app_key(),
//! );
//! let browser = Browser::new();
//! let page = browser.get(&login).await?;
//! assert!(page.text().contains("data-person=\"wang\""));
//!
//! sandbox.auto_approve("wang");
//! let redirect = browser.get_no_follow(&login).await?;
//! let back = redirect.location().unwrap_or_default();
//! assert!(back.starts_with("http://app.example/back?wxcode=") && back.ends_with("&state=S"));
//!
//! sandbox.faults().once(Endpoint::ManagerConnect, Fault::BadGateway);
//! assert_eq!(browser.get(&login).await?.status(), 502);
//! # std::io::Result::Ok(())
//! # }).unwrap();
//! ```
//!
//! The other journey goes through WeChat, which looks at the browser and at the order of the parameters, to
//! the binding service:
//!
//! ```
//! use tower_weika_sandbox::{Browser, Endpoint, Sandbox};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let sandbox = Sandbox::builder().wechat_auto_approve("xiaoming").start().await?;
//! let authorize = format!(
//!     "{}{}?appid={}&redirect_uri=http%3A%2F%2Fapp.example%2Fback&response_type=code&scope=snsapi_base&state=S",
//!     sandbox.base_url(),
//!     Endpoint::WechatAuthorize.path(),
//!     sandbox.app_id(),
//! );
//! let desktop = Browser::new();
//! assert!(desktop.get(&authorize).await?.text().contains("请在微信客户端打开链接"));
//!
//! let phone = Browser::new().user_agent("Mozilla/5.0 (iPhone) MicroMessenger/8.0.59(0x18003b28)");
//! let redirect = phone.get_no_follow(&authorize).await?;
//! assert!(redirect.location().unwrap_or_default().starts_with("http://app.example/back?code="));
//!
//! // The application posts the code to `/app/wx/openId`; the openid that it gets is this one.
//! let xiaoming = &sandbox.followers()[0];
//! assert_eq!(xiaoming.open_id(sandbox.app_id()), "oFollowerXiaoming00000000001");
//! # std::io::Result::Ok(())
//! # }).unwrap();
//! ```

mod account;
mod answer;
mod authorize;
mod binding;
mod browser;
mod builder;
mod call;
mod clock;
mod control;
mod dialect;
mod endpoint;
mod fault;
mod follower;
mod grant;
mod kesion;
mod ledger;
mod official_account;
mod page;
mod person;
mod provenance;
mod query;
mod quirk;
mod random;
mod reply;
mod server;
mod sms;
mod spelling;
mod steer;
mod switch;
mod systems;
mod wechat;
mod wechat_page;
mod weika;

pub use binding::{BindingRefusal, BindingState};
pub use browser::{Browser, Cookie, Hop, SameSite, Visit};
pub use builder::SandboxBuilder;
pub use endpoint::Endpoint;
pub use fault::{Fault, Faults, Gate};
pub use follower::Follower;
pub use kesion::KesionState;
pub use ledger::{Entry, Ledger, Outcome, Spends};
pub use person::{IdentityKind, Person, School};
pub use provenance::{Behaviour, Provenance, behaviours};
pub use quirk::{
    ContentTypeForm, CutForm, ErrcodeForm, ErrmsgForm, HostForm, IdentityNumbering, MissingForm, Quirk, Quirks,
};
pub use server::Sandbox;
pub use wechat::{WechatApproval, WechatRefusal};
pub use weika::{Approval, Refusal};

#[cfg(test)]
mod tests;
