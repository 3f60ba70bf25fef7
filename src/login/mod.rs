//! Middleware that adds a complete login to an application.
//!
//! [`LoginLayer`] wraps an application. It responds to three paths itself (login, callback, logout)
//! and authenticates every other request as [`authenticate`](crate::authenticate) does. A
//! [`Rejection`](crate::response::Rejection) that requires a login becomes a response that fits the
//! [kind of the request](crate::request::RequestKind):
//!
//! | request | response |
//! |---|---|
//! | top-level navigation, `GET` or `HEAD` | `303` to the provider, and back to the same target after the login |
//! | navigation in a frame | `401`, a page with a link that leaves the frame |
//! | form of this site, sent after the session expired | `401`, a page that says so; its link leads back to the page of the form (`Referer`) |
//! | form of another site (a payment gateway that posts back) | `401`, a page that continues with a `GET` of the same address: a `Lax` cookie does not come with such a form |
//! | speculative request (`Sec-Purpose: prefetch`, …) | `503`; no login begins |
//! | script | `401` JSON with `login_url`, which carries the page that sent the request if a same-origin `HX-Current-URL` or `Referer` names it; htmx gets `HX-Redirect` as well |
//! | gRPC | status 16 (`UNAUTHENTICATED`) |
//!
//! A session that is older than a guard [allows](crate::guard::GuardLayer::max_age) gets the same
//! responses. The login replaces the session; a form gets a page that says that a recent login is
//! needed.
//!
//! # Behavior
//!
//! 1. **Begin** stores nothing on the server. The response is `303` to the provider and sets one
//!    flow cookie, which contains the checked return target and binds the login to this browser for
//!    ten minutes.
//! 2. **Callback**: the state must be authentic, then fresh, then bound to *this* browser. Only
//!    then the authorization code is exchanged, in a task that continues when the browser
//!    disconnects. Forged, expired, replayed and foreign states get the same page.
//! 3. Repeated callbacks of one flow are **joined** for 60 seconds: whether a repeat has the same
//!    code or another one, there is one exchange, and every response is logged in. Instances that
//!    share a [store](crate::store::SessionStore::coordinator) join each other's callbacks as well.
//!    If an instance dies during an exchange, the others begin the login again, once. While the
//!    shared store is unreachable, no code is exchanged: the response is `503`, and a reload
//!    succeeds later.
//! 4. A browser that **lost its flow cookie** begins again automatically, once; then a page says
//!    that cookies are blocked. The same holds for a code that the upstream system rejects and for
//!    a lost response. No chain of failures has more than three redirects. A browser that returns
//!    from a successful login without its session gets the same page.
//! 5. **Success** is a new session id and `303` to a clean URL; the session in the browser's cookie
//!    is removed, unless a concurrent tab of the same user has obtained it since the login began.
//!    The id is derived from the flow, fresh randomness and the
//!    [`secret`](LoginLayerBuilder::secret).
//! 6. **Logout** is a same-origin `POST`. It runs in a task, so that the session is revoked also
//!    when the client disconnects. Its response changes one more `HttpOnly` cookie, so that
//!    Chromium drops guarded pages from its back/forward cache; WebKit on plain http shows them
//!    after "back".
//!
//! A provider may [support](crate::provider::IdentityProvider::supports) WeChat's browser only: in
//! other browsers the login page says so, with a QR code of its address. [`SilentLoginLayer`] logs
//! visitors in without a visible step.
//!
//! # Load
//!
//! An invalid code cannot be distinguished from a valid one before it is sent to the upstream
//! system. Before a code is sent, a callback waits for the access token and for a
//! [permit](crate::client::Permits) of the upstream host, for 5 seconds at most and only while its
//! client is connected. Without a permit the response is `503` with `Retry-After`; nothing was
//! sent, and a reload of the same address continues the login.
//! [`throttle`](LoginLayerBuilder::throttle) limits the rejected codes of one client,
//! [`exchanges_per_minute`](LoginLayerBuilder::exchanges_per_minute) those of the process. An
//! unauthenticated client cannot cause more than one log line a second of each kind; the field
//! `suppressed` counts the others.
//!
//! # Return targets
//!
//! `return_to` accepts a path of this site, or an absolute URL of `public_url` as `location.href`
//! gives it, or one of a configured [`return_origin`](LoginLayerBuilder::return_origin). The
//! [default target](LoginLayerBuilder::default_target) replaces every other target, and a debug
//! event names the reason.
//!
//! The hash of an address never reaches the server. An application with hash routes sends the
//! visitor to `login_url` itself, with the whole address as target:
//! `location.href = "/auth/weika/login?return_to=" + encodeURIComponent(location.href)`. Where the
//! layer begins a login, the hash is lost, and the fragment of the provider's address may take its
//! place: see [`clear_fragment`](LoginLayerBuilder::clear_fragment).
//!
//! # Where the layer belongs
//!
//! Around the whole router, with its fallback: the endpoints are no routes, and a router calls a
//! layer only for what it has a route for. Where it leaves them out, a login begins and its callback
//! gets the `404` or the page of the fallback. One log line says so, after three logins that have
//! expired without any callback.
//!
//! | application | callback |
//! |---|---|
//! | `app.layer(login)`, also after `.fallback(page)` | works |
//! | axum: `app.route_layer(login)` | `404`: never called without a route |
//! | axum: `app.layer(login).merge(other)` | `404` of the other fallback |
//! | axum: `app.layer(login).fallback(page)`, `Router::new().fallback(page).merge(app.layer(login))` | the page |
//! | axum: `Router::new().nest("/x", app.layer(login))` | `404`; an error is logged at the first login (feature `axum`) |
//! | salvo: a hoop of a router without a route for the endpoints | `404` |
//! | any of them, and `.route_service("/auth/weika/{*rest}", login.endpoints())` at the outermost router | works |
//!
//! [`LoginLayer::endpoints`] has an example. Guards and extractors may be nested.
//!
//! # Under a path
//!
//! `public_url` may have a path. See [`public_url`](LoginLayerBuilder::public_url) and
//! [`strips_prefix`](LoginLayerBuilder::strips_prefix), and for several applications on one host
//! [`cookie_prefix`](LoginLayerBuilder::cookie_prefix).
//!
//! # Caveats
//!
//! * A logout is safe from the moment the request reaches the layer. axum's `Router` and
//!   `TowerToHyperService` call the layer at the first poll of their future; hyper drops that
//!   future without a poll if the client closes the connection immediately after it sends the
//!   request.
//! * `public_url` is the only source of the redirect URI. No `Host` or `X-Forwarded-*` header is
//!   read.
//! * Without [`secret`](LoginLayerBuilder::secret), logins under way are lost when the process
//!   restarts, and instances reject each other's states. With a shared store it is required.
//! * A CORS layer may be outside or inside this one: headers that middleware has added to a
//!   rejection are kept.
//! * Two login layers in one application need providers with different names and different identity
//!   types.
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
//! // A top-level navigation is redirected to Weika.
//! let page = Request::get("/admin").header("accept", "text/html").body(Body::default())?;
//! let response = app.clone().oneshot(page).await?;
//! assert_eq!(response.status(), StatusCode::SEE_OTHER);
//! assert!(response.headers()["location"].to_str()?.starts_with("https://uni.weixiao.qq.com/open/auth/"));
//!
//! // A script gets `401` with the address of the login.
//! let response = app.oneshot(Request::get("/admin").body(Body::default())?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! # Ok::<_, tower_weika::BoxError>(())
//! # }).unwrap();
//! ```

mod admission;
mod begin;
mod browser;
mod builder;
mod callback;
mod code_exchange;
mod endpoint_request;
mod endpoint_service;
mod endpoints;
mod exchange;
mod exchange_report;
mod flow;
mod forward_auth;
mod forwarded_request;
mod future;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod inner;
mod keys;
mod layer;
mod log_limits;
mod logout;
mod not_of_this_browser;
mod observer;
mod pages;
mod path_prefix;
mod placement;
mod query;
mod rejected;
mod report;
mod return_to;
mod revocation;
mod run_to_end;
mod service;
mod silent;
mod start_session;
#[cfg(test)]
mod tests;

pub use self::admission::{ClientKey, IdentifyClient, Throttle};
pub use self::builder::LoginLayerBuilder;
pub use self::endpoint_service::{EndpointsFuture, LoginEndpoints};
pub use self::forward_auth::{
    ForwardAuth, ForwardAuthBuilder, ResponseFuture as ForwardAuthFuture,
};
pub use self::future::ResponseFuture;
pub use self::layer::LoginLayer;
pub use self::observer::{LoginEvent, LoginEventKind};
pub use self::service::Login;
pub use self::silent::{ResponseFuture as SilentLoginFuture, SilentLogin, SilentLoginLayer};
