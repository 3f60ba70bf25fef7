//! Identity providers: the systems that authenticate the user.
//!
//! An [`IdentityProvider`] returns the address of the provider's login page, names the parameter of
//! its authorization code, and exchanges a code for an identity. Everything else about a login is
//! the same for all providers and is in [`login`](crate::login). [`map`](IdentityProvider::map)
//! turns the identity of a provider into one of the application.
//!
//! A provider for another system, and a user who logs in with it:
//!
//! ```
//! use http::header::{COOKIE, LOCATION, SET_COOKIE};
//! use http::{Request, Response};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_weika::identity::Identity;
//! use tower_weika::login::LoginLayer;
//! use tower_weika::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
//! use tower_weika::session::Authenticated;
//! use tower_weika::{AuthorizationCode, BoxError, Error, ErrorKind};
//!
//! #[derive(Debug)]
//! struct Visitor(String);
//!
//! impl Identity for Visitor {
//!     fn subject(&self) -> &str {
//!         &self.0
//!     }
//! }
//!
//! struct Reception;
//!
//! impl IdentityProvider for Reception {
//!     type Identity = Visitor;
//!
//!     fn name(&self) -> &str {
//!         "reception"
//!     }
//!
//!     fn application(&self) -> &str {
//!         "front-desk"
//!     }
//!
//!     fn code_parameter(&self) -> &str {
//!         "ticket"
//!     }
//!
//!     async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
//!         let query = [("back", request.redirect_uri), ("state", request.state)];
//!         let url = url::Url::parse_with_params("https://reception.example/ticket", query);
//!         url.map(String::from).map_err(|error| Error::new(ErrorKind::Internal, "no URL").with_source(error))
//!     }
//!
//!     async fn exchange(
//!         &self,
//!         code: AuthorizationCode,
//!         _context: ExchangeContext<'_>,
//!     ) -> Result<Verified<Visitor>, Error> {
//!         match code.expose().strip_prefix("visitor-") {
//!             Some(name) => Ok(Verified::new(Visitor(name.to_owned()))),
//!             None => Err(Error::new(ErrorKind::InvalidCode, "no such ticket")),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! let login = LoginLayer::builder(Reception).public_url("https://campus.example.edu.cn").build()?;
//! let app = login.layer(service_fn(async |request: Request<String>| {
//!     let visitor = request.extensions().get::<Authenticated<Visitor>>();
//!     let text = visitor.map_or_else(|| "anonymous".to_owned(), |visitor| visitor.subject().to_owned());
//!     Ok::<_, BoxError>(Response::new(text))
//! }));
//! // The browser goes to the reception with a state, and returns with a ticket and the cookies.
//! let get = |target: &str, cookie: &str| Request::get(target).header(COOKIE, cookie).body(String::new());
//! let begun = app.clone().oneshot(get("/auth/reception/login", "")?).await?;
//! let (_, state) = begun.headers()[LOCATION].to_str()?.rsplit_once("state=").ok_or("no state")?;
//! let callback = format!("/auth/reception/callback?ticket=visitor-li&state={state}");
//! let back = app.clone().oneshot(get(&callback, begun.headers()[SET_COOKIE].to_str()?)?).await?;
//! let page = app.oneshot(get("/", back.headers()[SET_COOKIE].to_str()?)?).await?;
//! assert_eq!(http_body_util::BodyExt::collect(page.into_body()).await?.to_bytes(), "li");
//! # Ok(())
//! # }
//! ```

mod authorize_request;
mod exchange_context;
mod identity_provider;
mod mapped;
mod verified;
mod wechat_user;
mod weika_manager;
mod weika_member;

pub use self::authorize_request::AuthorizeRequest;
pub use self::exchange_context::ExchangeContext;
pub use self::identity_provider::IdentityProvider;
pub use self::mapped::Mapped;
pub use self::verified::Verified;
pub use self::wechat_user::{Scope, WechatUserProvider, WechatUserProviderBuilder};
pub use self::weika_manager::{WeikaManagerProvider, WeikaManagerProviderBuilder};
pub use self::weika_member::{WeikaMemberProvider, WeikaMemberProviderBuilder};
