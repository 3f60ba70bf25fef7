use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use tower_layer::Layer;

use super::builder::LoginLayerBuilder;
use super::endpoint_service::LoginEndpoints;
use super::forward_auth::ForwardAuthBuilder;
use super::inner::Inner;
use super::service::Login;
use super::silent::SilentLoginLayer;
use crate::authenticate::AuthenticateLayer;
use crate::cookie::SetCookies;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::same_origin::SameOriginLayer;
use crate::session::Namespace;
use crate::session::{Authenticated, SessionDigest, SessionInfo};
#[cfg(feature = "memory")]
use crate::store::MemoryStore;
use crate::store::SessionStore;

/// Layer that adds a login to an application; see the [module](super). Clones are cheap and share
/// everything.
#[cfg(feature = "memory")]
pub struct LoginLayer<P: IdentityProvider, St = MemoryStore<<P as IdentityProvider>::Identity>> {
    inner: Arc<Inner<P, St>>,
}

/// Layer that adds a login to an application; see the [module](super). Clones are cheap and share
/// everything.
#[cfg(not(feature = "memory"))]
pub struct LoginLayer<P: IdentityProvider, St> {
    inner: Arc<Inner<P, St>>,
}

#[cfg(feature = "memory")]
impl<P: IdentityProvider> LoginLayer<P> {
    /// Returns a builder for a layer with sessions in memory; [`store`](LoginLayerBuilder::store)
    /// sets another store.
    #[must_use]
    pub fn builder(provider: P) -> LoginLayerBuilder<P, MemoryStore<P::Identity>> {
        LoginLayerBuilder::new(provider, MemoryStore::new())
    }
}

impl<P: IdentityProvider, St> LoginLayer<P, St> {
    pub(super) fn new(inner: Inner<P, St>) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Returns a builder for a layer with sessions in `store`.
    #[must_use]
    pub fn builder_with_store(provider: P, store: St) -> LoginLayerBuilder<P, St> {
        LoginLayerBuilder::new(provider, store)
    }

    /// Returns a layer for services that only read the sessions of this login. It responds with
    /// `401` where this layer redirects.
    #[must_use]
    pub fn authenticate(&self) -> AuthenticateLayer<P::Identity, St> {
        AuthenticateLayer::new(Arc::clone(&self.inner.unguarded))
    }

    /// Returns a service that responds to the login, callback and logout endpoints, to be routed by
    /// name beside this layer; see [`LoginEndpoints`].
    #[must_use]
    pub fn endpoints(&self) -> LoginEndpoints<P, St> {
        self.inner.placement.endpoints_routed();
        LoginEndpoints::new(Arc::clone(&self.inner))
    }

    /// Returns a layer that logs visitors in silently; see [`SilentLoginLayer`]. It forwards every
    /// request unless [`LoginLayerBuilder::silent_login`] is set.
    #[must_use]
    pub fn silent_login(&self) -> SilentLoginLayer<P, St> {
        SilentLoginLayer::new(Arc::clone(&self.inner))
    }

    /// Returns a layer that rejects state-changing requests which a page of another origin has sent;
    /// see [`same_origin`](crate::same_origin). It has the origin, the pages and the home link of
    /// this login.
    #[must_use]
    pub fn same_origin(&self) -> SameOriginLayer {
        let (origin, home) = (self.inner.endpoints.origin.clone(), self.inner.home.clone());
        SameOriginLayer::with(origin, self.inner.pages.clone(), Some(home))
    }

    /// Returns settings of a service for nginx `auth_request`, so that applications in other
    /// languages stand behind this login. The guide has the configuration of nginx.
    ///
    /// 1. With a live session the response is `204`, and has the configured
    ///    [headers](ForwardAuthBuilder::header).
    /// 2. Without one it is `401`. `X-Login-Url` is the [address of the login](Self::login_url); it
    ///    leads back to the target in `X-Original-URI`, checked by rule T. `X-Login-Redirect: yes`
    ///    is there only for a top-level navigation, which may be redirected to it.
    /// 3. The page that sent a script or a form is the target instead, if a same-origin `Referer`
    ///    or `HX-Current-URL` names it. `X-Original-Method` tells a form from a navigation: nginx
    ///    itself sends `GET`.
    /// 4. A user who does not satisfy a [requirement](ForwardAuthBuilder::require) gets `403`, and
    ///    is redirected to no page.
    ///    A session that is too old for a [`Recent`](crate::guard::Recent) gets `401` as above.
    /// 5. If the store fails, the response is `503`, for which nginx responds `500`.
    ///
    /// Only the session cookie decides about identity and access, and no other header does. The
    /// service sets no cookie, because nginx would drop it. Its responses have
    /// `Cache-Control: no-store`, and the reason of a rejection is in their extensions, as a
    /// [`Rejection`](crate::response::Rejection). It needs no login layer around it.
    ///
    /// ```
    /// use http::header::SET_COOKIE;
    /// use http::{HeaderMap, Request, StatusCode};
    /// use tower::ServiceExt;
    /// use tower_weika::identity::Manager;
    /// use tower_weika::login::LoginLayer;
    /// use tower_weika::provider::WeikaManagerProvider;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_weika::BoxError> {
    /// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
    /// let forward_auth = login
    ///     .forward_auth()
    ///     .header("X-User", |manager| Some(manager.user_id.to_string()))
    ///     .header("X-User-Name", |manager| Some(manager.name.clone()))
    ///     .build()?;
    ///
    /// // The request of nginx for a navigation without a session.
    /// let request = || {
    ///     Request::get("/forward-auth").header("accept", "text/html").header("x-original-uri", "/grades?term=1")
    /// };
    /// let response = forward_auth.clone().oneshot(request().body(())?).await?;
    /// assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    /// assert_eq!(response.headers()["x-login-url"], "/auth/weika/login?return_to=%2Fgrades%3Fterm%3D1");
    /// assert_eq!(response.headers()["x-login-redirect"], "yes");
    ///
    /// // The same with a session.
    /// let mut manager = Manager::new("o1");
    /// manager.name = "王老师".to_owned();
    /// let mut headers = HeaderMap::new();
    /// login.start_session(manager, &headers).await?.append_to(&mut headers);
    /// let cookie = headers[SET_COOKIE].to_str()?.split(';').next().unwrap_or_default().to_owned();
    /// let response = forward_auth.oneshot(request().header("cookie", cookie).body(())?).await?;
    /// assert_eq!(response.status(), StatusCode::NO_CONTENT);
    /// assert_eq!(response.headers()["x-user"], "o1");
    /// assert_eq!(response.headers()["x-user-name"], "%E7%8E%8B%E8%80%81%E5%B8%88");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn forward_auth(&self) -> ForwardAuthBuilder<P, St> {
        ForwardAuthBuilder::new(Arc::clone(&self.inner))
    }

    /// Returns the target to redirect to for a `return_to` that came with a request: a path of this
    /// site as browsers see it, or a page of a configured origin. The default target takes the place of an invalid one
    /// (rule T).
    #[must_use]
    pub fn return_to(&self, target: &str) -> String {
        let target = self
            .inner
            .endpoints
            .rules
            .check_or_default(target.as_bytes());
        target.as_str().to_owned()
    }

    /// Returns the address that begins a login, also of an authenticated user, and leads to
    /// `return_to` afterwards: a path of the application, with or without the prefix of
    /// [`public_url`](LoginLayerBuilder::public_url). The default target takes the place of an
    /// invalid one (rule T).
    ///
    /// Where a form leads here, a `form-action` of the site's Content-Security-Policy has to name
    /// the origin of the provider's page as well: Chromium applies it to the redirects after a
    /// form.
    #[must_use]
    pub fn login_url(&self, return_to: &str) -> String {
        let endpoints = &self.inner.endpoints;
        let target = endpoints.rules.check_argument(return_to);
        endpoints.login_url(
            target
                .as_ref()
                .unwrap_or_else(|| endpoints.default_target()),
        )
    }

    /// Returns the namespace of the sessions of this login, for sessions that the application
    /// inserts into the store.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.inner.sessions.namespace
    }

    /// Returns the name of the session cookie, for tests and for the configuration of a proxy.
    #[must_use]
    pub fn session_cookie_name(&self) -> &str {
        self.inner.sessions.cookie.as_str()
    }

    /// Returns the path that begins a login, as browsers see it.
    #[must_use]
    pub fn login_path(&self) -> &str {
        &self.inner.endpoints.login_path
    }

    /// Returns the path that revokes the session of a browser that posts to it, as browsers see it.
    #[must_use]
    pub fn logout_path(&self) -> &str {
        &self.inner.endpoints.logout_path
    }
}

impl<P, St> LoginLayer<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Starts a session without a provider, and returns the cookie to set: for a login that the
    /// application performs itself (a code by SMS, a mini program), and for tests through the whole
    /// application.
    ///
    /// The session has a new id and the [timeouts](LoginLayerBuilder::session_timeouts) of this
    /// layer. It replaces the session in the cookie of `request_headers`, which is removed (session
    /// fixation). Guards, logout and revocations treat it as one from a login.
    ///
    /// The caller has to
    /// 1. authenticate the user before the call,
    /// 2. call it only for a `POST` of this site, so that another site cannot log a visitor in as
    ///    another user (login CSRF),
    /// 3. limit the attempts of a client and of a user: [`throttle`](LoginLayerBuilder::throttle)
    ///    counts authorization codes only.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store) if the store fails; the previous session may still be
    /// there. [`Denied`](crate::ErrorKind::Denied) if a revocation of this user or of all sessions,
    /// or a logout of the previous session, happened during the call: there is no session then. A
    /// revocation that returned before the call has no effect on it.
    ///
    /// # Panics
    /// Outside a Tokio runtime: the call starts a task, which runs to its end also if the returned
    /// future is dropped.
    ///
    /// # Example
    /// A login with a code that was sent by SMS. The previous user of this browser is logged out:
    ///
    /// ```
    /// use axum::Router;
    /// use axum::extract::State;
    /// use axum::http::{HeaderMap, StatusCode};
    /// use axum::response::{IntoResponse, Redirect, Response};
    /// use axum::routing::{get, post};
    /// use tower_weika::ErrorKind;
    /// use tower_weika::identity::Manager;
    /// use tower_weika::login::LoginLayer;
    /// use tower_weika::provider::WeikaManagerProvider;
    /// use tower_weika::session::Authenticated;
    /// # use axum::{body::Body, http::Request};
    /// # use tower::ServiceExt;
    ///
    /// type Login = LoginLayer<WeikaManagerProvider>;
    ///
    /// async fn sms_login(State(login): State<Login>, headers: HeaderMap, code: String) -> Response {
    ///     if headers.get("sec-fetch-site").is_none_or(|site| site != "same-origin") {
    ///         return StatusCode::FORBIDDEN.into_response();
    ///     }
    ///     let Some(manager) = manager_of(&code) else {
    ///         return StatusCode::UNAUTHORIZED.into_response();
    ///     };
    ///     match login.start_session(manager, &headers).await {
    ///         Ok(cookies) => (cookies, Redirect::to("/")).into_response(),
    ///         Err(error) if error.kind() == ErrorKind::Denied => StatusCode::FORBIDDEN.into_response(),
    ///         Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    ///     }
    /// }
    ///
    /// /// Consumes a code that was sent to the phone of a manager.
    /// fn manager_of(code: &str) -> Option<Manager> {
    ///     (code == "271828").then(|| Manager::new("oJBUeuGd04PY53N2KVICrzNGeMSM"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_weika::BoxError> {
    /// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
    /// let app = Router::new()
    ///     .route("/sms", post(sms_login))
    ///     .route("/", get(async |manager: Authenticated<Manager>| manager.user_id.to_string()))
    ///     .with_state(login.clone())
    ///     .layer(login);
    /// # let request = Request::post("/sms").header("sec-fetch-site", "same-origin");
    /// # let response = app.clone().oneshot(request.body(Body::from("271828"))?).await?;
    /// # assert_eq!(response.status(), StatusCode::SEE_OTHER);
    /// # let cookie = response.headers()["set-cookie"].to_str()?.split(';').next().unwrap().to_owned();
    /// # let page = app.clone().oneshot(Request::get("/").header("cookie", cookie).body(Body::empty())?).await?;
    /// # assert_eq!(page.status(), StatusCode::OK);
    /// # let cross_site = app.oneshot(Request::post("/sms").body(Body::from("271828"))?).await?;
    /// # assert_eq!(cross_site.status(), StatusCode::FORBIDDEN);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_session(
        &self,
        identity: P::Identity,
        request_headers: &HeaderMap,
    ) -> impl Future<Output = Result<SetCookies, Error>> + Send + use<P, St> {
        Arc::clone(&self.inner).start_session(identity, request_headers)
    }

    /// Revokes one session, and a login under way in the same browser. The call starts a task, as
    /// all revocations do: it runs to its end also if the returned future is dropped, because the
    /// client has disconnected.
    ///
    /// # Errors
    /// If the store fails; the session may still be there.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn revoke_session(
        &self,
        session: &Authenticated<P::Identity>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<P, St> {
        Arc::clone(&self.inner).revoke_session(session.clone())
    }

    /// Revokes all sessions of one user, and logins under way: those whose code was sent before
    /// this returns. It never waits for them. Do not call it in the course of a login of the same
    /// user, which it would revoke; for one session per user see
    /// [`MemoryStoreBuilder::sessions_per_subject`](crate::store::MemoryStoreBuilder::sessions_per_subject).
    ///
    /// # Errors
    /// If the store fails; some of the sessions may still be there.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn revoke_sessions_of(
        &self,
        subject: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<P, St> {
        Arc::clone(&self.inner).revoke_sessions_of(subject.to_owned())
    }

    /// Revokes one session of a user, as [`revoke_session`](Self::revoke_session) does: one of the
    /// [list](Self::sessions_of), for example. Returns whether this call revoked it. The digest may
    /// come from a form; a session of another subject is never revoked.
    ///
    /// # Errors
    /// If the store fails; the session may still be there.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn revoke_session_of(
        &self,
        subject: &str,
        session: SessionDigest,
    ) -> impl Future<Output = Result<bool, Error>> + Send + use<P, St> {
        Arc::clone(&self.inner).revoke_session_of(subject.to_owned(), session)
    }

    /// Revokes all sessions of a user but the current one, which stays as it is, and logins under
    /// way, as [`revoke_sessions_of`](Self::revoke_sessions_of) does.
    ///
    /// # Errors
    /// If the store fails; some of the sessions may still be there.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn revoke_other_sessions(
        &self,
        current: &Authenticated<P::Identity>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<P, St> {
        Arc::clone(&self.inner).revoke_other_sessions(current.clone())
    }

    /// Returns the live sessions of one user at this login, those used last first: for a page on
    /// which users see their devices.
    ///
    /// # Errors
    /// If the store fails.
    ///
    /// # Example
    /// A page that lists the sessions, and a form that revokes one of them:
    ///
    /// ```
    /// use axum::Router;
    /// use axum::extract::State;
    /// use axum::http::StatusCode;
    /// use axum::routing::get;
    /// use tower_weika::identity::{Identity, Manager};
    /// use tower_weika::login::LoginLayer;
    /// use tower_weika::provider::WeikaManagerProvider;
    /// use tower_weika::session::{Authenticated, SessionDigest};
    ///
    /// type Login = LoginLayer<WeikaManagerProvider>;
    ///
    /// async fn devices(
    ///     manager: Authenticated<Manager>,
    ///     State(login): State<Login>,
    /// ) -> Result<String, StatusCode> {
    ///     let sessions = login.sessions_of(manager.subject()).await;
    ///     let sessions = sessions.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    ///     let lines = sessions.iter().map(|session| {
    ///         let mark = if session.is_of(manager.session()) { " (this device)" } else { "" };
    ///         format!("{}: {}{mark}", session.digest(), session.device())
    ///     });
    ///     Ok(lines.collect::<Vec<_>>().join("\n"))
    /// }
    ///
    /// async fn revoke(
    ///     manager: Authenticated<Manager>,
    ///     State(login): State<Login>,
    ///     form: String,
    /// ) -> StatusCode {
    ///     let Some(session) = SessionDigest::parse(&form) else {
    ///         return StatusCode::BAD_REQUEST;
    ///     };
    ///     match login.revoke_session_of(manager.subject(), session).await {
    ///         Ok(_) => StatusCode::NO_CONTENT,
    ///         Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), tower_weika::BoxError> {
    /// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let login = LoginLayer::builder(weika).public_url("https://campus.example.edu.cn").build()?;
    /// let app: Router = Router::new()
    ///     .route("/devices", get(devices).post(revoke))
    ///     .layer(login.same_origin())
    ///     .with_state(login.clone())
    ///     .layer(login);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sessions_of(
        &self,
        subject: &str,
    ) -> impl Future<Output = Result<Vec<SessionInfo>, Error>> + Send + use<P, St> {
        let (sessions, subject) = (Arc::clone(&self.inner.sessions), subject.to_owned());
        async move { sessions.sessions_of(&subject).await }
    }

    /// Revokes all sessions of this login, and all logins under way. Those of other logins over the
    /// same store stay.
    ///
    /// # Errors
    /// If the store fails; some of the sessions may still be there.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn revoke_all_sessions(
        &self,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<P, St> {
        Arc::clone(&self.inner).revoke_all_sessions()
    }
}

impl<S, P: IdentityProvider, St> Layer<S> for LoginLayer<P, St> {
    type Service = Login<S, P, St>;

    fn layer(&self, inner: S) -> Self::Service {
        Login::new(inner, Arc::clone(&self.inner))
    }
}

impl<P: IdentityProvider, St> Clone for LoginLayer<P, St> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<P: IdentityProvider, St> fmt::Debug for LoginLayer<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLayer")
            .field("endpoints", &self.inner.endpoints)
            .finish_non_exhaustive()
    }
}
