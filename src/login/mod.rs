//! The whole login: endpoints, redirects, and the identity of everybody who is logged in.
//!
//! [`LoginLayer`] wraps an application. Three paths are its own (login, callback, logout); every other request
//! goes through [`authenticate`](crate::authenticate), and a
//! [`Rejection`](crate::response::Rejection) that asks for a login becomes a response that fits the
//! [kind of the request](crate::request::RequestKind):
//!
//! | request | response |
//! |---|---|
//! | top-level navigation, `GET` or `HEAD` | `303` to the provider, and back to the same target after the login |
//! | navigation in a frame | `401`, a page with a link that leaves the frame |
//! | form of this site, sent after the session expired | `401`, a page that says so; its link leads back to the page of the form (`Referer`) |
//! | form of another site (a payment gateway that posts back) | `401`, a page that continues with a `GET` of the same address: a `Lax` cookie does not come with such a form |
//! | speculative request (`Sec-Purpose: prefetch`, …) | `503`; nothing begins |
//! | script | `401` JSON with `login_url`, which carries the page that sent the request if a same-origin `HX-Current-URL` or `Referer` names it; htmx gets `HX-Redirect` as well |
//! | gRPC | status 16 (`UNAUTHENTICATED`) |
//!
//! # The rules of a login
//!
//! 1. **Begin** writes nothing on the server. It answers `303` to the provider and sets one flow cookie, which
//!    holds the checked return target and ties the login to this browser for ten minutes.
//! 2. **Callback**: the state must be authentic, then fresh, then the flow of *this* browser; only then the
//!    code is spent, in a task of its own that does not end when the browser hangs up. Forged, expired,
//!    replayed and foreign states get one and the same page.
//! 3. The same flow is **joined** for 60 seconds: however often the browser repeats the callback, with the
//!    same code or another one, there is one exchange, and every answer is logged in. Instances that share a
//!    [store](crate::store::SessionStore::coordinator) are one in this, whichever of them a callback arrives at. If one dies
//!    while it has the code, the others begin the login again, once. While they cannot reach what they share, no code is
//!    spent: the answer is `503`, and a reload helps.
//! 4. A browser that **lost its cookie** begins again by itself, once; then a page says so. The same goes for
//!    a code that the upstream system no longer takes and for an answer that was lost. No chain of failures
//!    has more than three redirects.
//!    The same page ends it if a browser comes back from a successful login as a stranger.
//! 5. **Success** is a new session id and `303` to a clean URL; the browser's former session is ended. The id is
//!    derived from the flow, fresh randomness and the [`secret`](LoginLayerBuilder::secret).
//! 6. **Logout** is a `POST` from this site. It runs in a task of its own, so that it ends the session also when the
//!    client hangs up. Its response changes one more `HttpOnly` cookie, so that Chromium drops guarded pages from its
//!    back/forward cache; WebKit on plain http shows them after "back".
//!
//! A login that [works in WeChat only](crate::provider::IdentityProvider::supports) says so in other browsers, on its
//! own login page, with a QR code of that page's address. One that the person does not notice may begin
//! [without being asked](SilentLoginLayer).
//!
//! # Load
//!
//! Nothing can tell a junk code from a good one before the upstream system was asked. Before a code is sent, a callback
//! waits for the access token and for a [permit](crate::client::Permits) of the upstream host, for 5 seconds at most and
//! only while its client is there. Without a permit the response is `503` with `Retry-After`; nothing was sent, and a
//! reload of the same address goes on. [`throttle`](LoginLayerBuilder::throttle) limits the refused codes of one client,
//! [`exchanges_per_minute`](LoginLayerBuilder::exchanges_per_minute) those of the process. An unauthenticated client
//! cannot cause more than one log line a second of each kind; `suppressed` is the number of the others.
//!
//! # Return targets
//!
//! `return_to` takes a path of this site, or an absolute URL of `public_url` as `location.href` gives it, or one of a
//! configured [`return_origin`](LoginLayerBuilder::return_origin). Every other target is dropped for the
//! [default one](LoginLayerBuilder::default_target), and a debug event names the reason.
//!
//! The hash of an address never reaches the server. An application that routes by the hash sends the visitor to
//! `login_url` itself, with the whole address as target:
//! `location.href = "/auth/weika/login?return_to=" + encodeURIComponent(location.href)`. Where the layer begins a login
//! by itself, the hash is lost, and a provider's may take its place: see
//! [`clear_fragment`](LoginLayerBuilder::clear_fragment).
//!
//! # Caveats
//!
//! * A logout is safe from the moment the request reaches the layer. axum's `Router` and `TowerToHyperService` call the
//!   layer at the first poll of their future; hyper drops that future without a poll if the client closes the connection
//!   in the same moment as it sends the request.
//! * `public_url` is the only source of the redirect URI. No `Host` or `X-Forwarded-*` header is read.
//! * The layer belongs around the whole router. Inside axum's `nest` it would see shortened paths, and its
//!   endpoints would not be where `public_url` says they are. Guards and extractors may be nested.
//! * Without [`secret`](LoginLayerBuilder::secret), logins that are under way end when the process restarts,
//!   and several instances do not understand each other's states. With a store that instances share it is required.
//! * A CORS layer goes around this one or inside, as you like: headers that middleware has put on a refusal are
//!   kept.
//! * Two login layers in one application need providers with different names and different identity types.
//!
//! # Example
//!
//! ```
//! use http::{Request, Response, StatusCode};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_weika::guard::GuardLayer;
//! use tower_weika::identity::Manager;
//! use tower_weika::login::LoginLayer;
//! use tower_weika::provider::WeikaManagerProvider;
//! use tower_weika::session::Authenticated;
//! # type Body = http_body_util::Full<bytes::Bytes>;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
//! let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
//!
//! let admin = service_fn(async |request: Request<Body>| {
//!     let manager = request.extensions().get::<Authenticated<Manager>>().expect("guarded");
//!     Ok::<_, std::convert::Infallible>(Response::new(Body::from(format!("你好, {}", manager.name))))
//! });
//! let app = login.layer(GuardLayer::<Manager>::logged_in().layer(admin));
//!
//! // A person who navigates is sent to Weika.
//! let page = Request::get("/admin").header("accept", "text/html").body(Body::default())?;
//! let response = app.clone().oneshot(page).await?;
//! assert_eq!(response.status(), StatusCode::SEE_OTHER);
//! assert!(response.headers()["location"].to_str()?.starts_with("https://uni.weixiao.qq.com/open/auth/"));
//!
//! // A script is told where the login is.
//! let response = app.oneshot(Request::get("/admin").body(Body::default())?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! # Ok::<_, tower_weika::BoxError>(())
//! # }).unwrap();
//! ```

mod admission;
mod begin;
mod callback;
mod config;
mod exchange;
mod flow;
mod future;
mod keys;
mod layer;
mod logout;
mod outcome;
mod query;
mod reports;
mod return_to;
mod run;
mod service;
mod shared;
mod shared_flow;
mod silent;
mod state;
#[cfg(test)]
mod tests;
mod throttle;

pub use self::config::LoginLayerBuilder;
pub use self::future::ResponseFuture;
pub use self::layer::LoginLayer;
pub use self::service::Login;
pub use self::silent::{ResponseFuture as SilentLoginFuture, SilentLogin, SilentLoginLayer};
pub use self::throttle::{ClientKey, IdentifyClient, Throttle};
