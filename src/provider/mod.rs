//! Ways to log in.
//!
//! An [`IdentityProvider`] says where the browser is sent, what the callback's code is called, and who is
//! behind a code. Everything else about a login is the same for all of them and lives in
//! [`login`](crate::login).
//!
//! A provider of your own, and somebody who logs in with it:
//!
//! ```
//! use http::header::{COOKIE, LOCATION, SET_COOKIE};
//! use http::{Request, Response};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_weika::identity::Identity;
//! use tower_weika::login::LoginLayer;
//! use tower_weika::provider::IdentityProvider;
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
//!     async fn authorize_url(&self, redirect_uri: &str, state: &str) -> Result<String, Error> {
//!         let query = [("back", redirect_uri), ("state", state)];
//!         let url = url::Url::parse_with_params("https://reception.example/ticket", query);
//!         url.map(String::from).map_err(|error| Error::new(ErrorKind::Internal, "no URL").with_source(error))
//!     }
//!
//!     async fn exchange(&self, code: AuthorizationCode) -> Result<Visitor, Error> {
//!         match code.expose().strip_prefix("visitor-") {
//!             Some(name) => Ok(Visitor(name.to_owned())),
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
//!     let text = visitor.map_or_else(|| "nobody".to_owned(), |visitor| visitor.subject().to_owned());
//!     Ok::<_, BoxError>(Response::new(text))
//! }));
//! // What the browser does: to the reception with a state, and back with a ticket and the cookies.
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

mod wechat_user;
mod weika_manager;

use std::sync::Arc;

pub use self::wechat_user::{Scope, WechatUserProvider, WechatUserProviderBuilder};
pub use self::weika_manager::{WeikaManagerProvider, WeikaManagerProviderBuilder};
use crate::client::Permit;
use crate::clock::Timestamp;
use crate::coordination::Coordinator;
use crate::error::Error;
use crate::identity::Identity;
use crate::request::UserAgent;
use crate::secret::AuthorizationCode;

/// One way to log in.
pub trait IdentityProvider: Send + Sync + 'static {
    /// Who logs in this way.
    type Identity: Identity;

    /// A short name: lower-case letters, digits and `-`. It is part of the default paths
    /// (`/auth/{name}/login`), of the cookie names, and of what the state is authenticated with, so that the
    /// callback of one provider refuses the state of another.
    fn name(&self) -> &str;

    /// The application at the provider: app_key, APPID. Stable, and no secret. Sessions, states and revocations belong to
    /// one provider, application and public origin, so that two schools with an application each never accept each
    /// other's (rule S1). Another application means that all sessions end.
    fn application(&self) -> &str;

    /// The query parameter in which the callback brings the one-time code.
    fn code_parameter(&self) -> &str;

    /// Where the browser goes to log in. `state` is alphanumeric.
    ///
    /// # Errors
    /// If that is not known, because somebody has to be asked and does not answer. The person is told.
    fn authorize_url(
        &self,
        redirect_uri: &str,
        state: &str,
    ) -> impl Future<Output = Result<String, Error>> + Send;

    /// Spends the one-time code and says who came. Called in a task of its own, once per login.
    ///
    /// # Errors
    /// [`InvalidCode`](crate::ErrorKind::InvalidCode), [`Lost`](crate::ErrorKind::Lost) and
    /// [`Timeout`](crate::ErrorKind::Timeout) lead to a new login, once; [`Denied`](crate::ErrorKind::Denied)
    /// is told to the person; everything else is a failure of the upstream system.
    fn exchange(
        &self,
        code: AuthorizationCode,
    ) -> impl Future<Output = Result<Self::Identity, Error>> + Send;

    /// Waits until the code of one login may be exchanged: everything that the exchange needs beforehand is at hand (the
    /// application's access token), and then a permit of a bounded pool is. The future belongs to the callback request
    /// and is dropped when its last client has gone. Default: no bound.
    ///
    /// # Errors
    /// [`Overloaded`](crate::ErrorKind::Overloaded) if no permit became free in time: the visitor gets a `503` with
    /// `Retry-After`, nothing was sent, and a reload of the callback URL goes on. The same holds for every other error.
    fn admit(&self) -> impl Future<Output = Result<Permit, Error>> + Send {
        async { Ok(Permit::unlimited()) }
    }

    /// [`exchange`](Self::exchange) with the permit that [`admit`](Self::admit) gave. The permit covers the call of the
    /// upstream system only: drop it before anything else that takes time. The call must not wait for a second permit of
    /// the same pool. Default: `exchange`, with the permit held until its end.
    ///
    /// # Errors
    /// Those of [`exchange`](Self::exchange).
    fn exchange_with_permit(
        &self,
        permit: Permit,
        code: AuthorizationCode,
    ) -> impl Future<Output = Result<Self::Identity, Error>> + Send {
        async move {
            let _permit = permit;
            self.exchange(code).await
        }
    }

    /// Until when the upstream system vouches for the identity; a session never lives longer. `None` if it does
    /// not say. On the timeline of [`Clock::now`](crate::clock::Clock::now), to which a time that the upstream system
    /// states is converted when it arrives: `clock.now().plus(stated.since(clock.wall()))`.
    fn valid_until(&self, _identity: &Self::Identity) -> Option<Timestamp> {
        None
    }

    /// Whether the login works in this browser. Where it does not, a person who navigates gets a page that says
    /// so, with a QR code to go on in WeChat.
    fn supports(&self, _browser: UserAgent) -> bool {
        true
    }

    /// Whether a stranger with this browser may be sent through the login without having asked for it, where
    /// [`LoginLayer::auto_login`](crate::login::LoginLayer::auto_login) is applied. Only a login that the person
    /// does not notice is fit for that. Public pages wait for the answer, so it must not ask anybody.
    fn allows_silent_login(&self, _browser: UserAgent) -> bool {
        false
    }

    /// The site runs on several instances, and this is what they share. Called once, when the login layer is built. A
    /// provider with an access token of the application should share it.
    fn join(&self, _fleet: &Arc<dyn Coordinator>) {}
}
