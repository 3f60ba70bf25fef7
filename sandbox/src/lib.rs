//! Imitation of the upstream systems of [`tower-weika`](https://docs.rs/tower-weika), over real
//! sockets, for development and tests.
//!
//! A [`Sandbox`] listens on loopback and responds as the documents of the upstream systems say:
//! one-time codes, tokens that expire, `"6001"` as a string, an empty entry among the schools. It
//! shares no code with `tower-weika`, so that an error in the clients of that crate is not repeated
//! here. It imitates five systems:
//!
//! - *Weika*, where a manager logs in ([`Person`]);
//! - *Weika's member login*, for students and staff of a school ([`MemberPerson`]);
//! - *WeChat's* pages that give an official account or a website application a code for the visitor
//!   ([`WechatPerson`]), and the call that exchanges it with the application's secret;
//! - the *binding service*, which exchanges that code for an openid, and for a token if the openid
//!   is bound;
//! - *Kesion's* lookup of the official account that a school has authorized ([`KesionState`]).
//!
//! Each setting that a test makes with a method is also a button of the control page,
//! `/sandbox/control`.
//!
//! # Behavior
//!
//! 1. By default the sandbox shows documented behaviour, and the most likely behaviour where no
//!    document describes it. [`behaviours`] lists every behaviour with its [`Provenance`].
//! 2. A [`Variation`] makes a correct response look different, as real ones do. All are off by
//!    default.
//! 3. A [`Fault`] makes calls of an [`Endpoint`] fail, a counted number of times.
//! 4. The [`CallLog`] counts calls, tokens and the uses of each code, so that a test can assert
//!    that a code was exchanged once. It holds no code and no token.
//!
//! The [`Browser`] is the other end: cookies, redirects and headers as those of real browsers, so
//! that a test walks through a login from the first request to the last.
//!
//! Do not use real credentials: every client that can connect can log in as any person.
//!
//! # Examples
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
//! The other login goes through WeChat, whose page checks the `User-Agent` and the order of the
//! parameters, and the binding service:
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
//! // The application posts the code to `/app/wx/openId`, and gets this openid.
//! let xiaoming = &sandbox.wechat_people()[0];
//! assert_eq!(xiaoming.open_id(sandbox.app_id()), "oFollowerXiaoming00000000001");
//! # std::io::Result::Ok(())
//! # }).unwrap();
//! ```

// Layers, from the bottom to the top. No file imports from a layer that is listed after its own.

// Basics.
mod clock;
mod lock;
mod random;

// Vocabulary.
mod provenance;
mod response_format;

mod endpoint;

// People, switched-on variations and faults, the call log, codes and tokens.
mod state;

// Calls and replies, JSON and pages.
mod message;

// Weika, WeChat, the binding service and Kesion.
mod system;

// Dispatch, control page, connections, the public handle.
mod server;

// The other end, which imports the clock and the lock only.
mod browser;

pub use self::browser::{Browser, Cookie, Hop, SameSite, Visit};
pub use self::endpoint::Endpoint;
pub use self::provenance::{Behaviour, Provenance};
pub use self::server::{Sandbox, SandboxBuilder, behaviours};
pub use self::state::call_log::{CallLog, CodeUses, Entry, Outcome};
pub use self::state::fault::{Fault, Faults};
pub use self::state::gate::Gate;
pub use self::state::member_person::MemberPerson;
pub use self::state::person::{IdentityKind, Person};
pub use self::state::school::School;
pub use self::state::variation::{
    ContentTypeForm, CutForm, ErrcodeForm, ErrmsgForm, HostForm, IdentityNumbering, MissingForm,
    Variation, Variations,
};
pub use self::state::wechat_person::WechatPerson;
pub use self::system::binding::{BindingRefusal, BindingState};
pub use self::system::kesion::KesionState;
pub use self::system::wechat::{WechatApproval, WechatRefusal, WechatSnsRefusal};
pub use self::system::weika::{Approval, WeikaRefusal};
pub use self::system::weika_member::MemberRefusal;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
