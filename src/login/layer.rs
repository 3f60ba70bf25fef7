use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::builder::LoginLayerBuilder;
use super::forward_auth::ForwardAuthBuilder;
use super::inner::Inner;
use super::service::Login;
use super::silent::SilentLoginLayer;
use crate::authenticate::AuthenticateLayer;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::session::Authenticated;
use crate::session::Namespace;
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

    /// Returns a layer that logs visitors in silently; see [`SilentLoginLayer`]. It forwards every
    /// request unless [`LoginLayerBuilder::silent_login`] is set.
    #[must_use]
    pub fn silent_login(&self) -> SilentLoginLayer<P, St> {
        SilentLoginLayer::new(Arc::clone(&self.inner))
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
    /// 5. If the store fails, the response is `503`, for which nginx responds `500`.
    ///
    /// Only the session cookie decides about identity and access, and no other header does. The
    /// service sets no cookie, because nginx would drop it. Its responses have
    /// `Cache-Control: no-store`, and the reason of a rejection is in their extensions, as a
    /// [`Rejection`](crate::response::Rejection). It needs no login layer around it.
    ///
    /// ```
    /// use http::{Request, StatusCode};
    /// use tower::ServiceExt;
    /// use tower_weika::clock::Clock;
    /// use tower_weika::identity::Manager;
    /// use tower_weika::login::LoginLayer;
    /// use tower_weika::provider::WeikaManagerProvider;
    /// use tower_weika::session::{Session, SessionId, SessionTimeouts};
    /// use tower_weika::store::{Inserted, MemoryStore, SessionStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_weika::BoxError> {
    /// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let store = MemoryStore::new();
    /// let login = LoginLayer::builder_with_store(weika, store.clone())
    ///     .public_url("https://campus.example.edu.cn")
    ///     .build()?;
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
    /// let (id, now) = (SessionId::random()?, Clock::system().now());
    /// let session = Session::new(id, manager, SessionTimeouts::default(), now).within(*login.namespace());
    /// let inserted = store.insert(session, None, store.stamp(login.namespace()).await?);
    /// assert_eq!(inserted.await?, Inserted::Kept);
    /// let cookie = format!("__Host-weika-session={}", id.expose());
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
    /// site, or a page of a configured origin. The default target takes the place of an invalid one
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
    /// `return_to` afterwards: a path of this site. The default target takes the place of an
    /// invalid one (rule T).
    ///
    /// Where a form leads here, a `form-action` of the site's Content-Security-Policy has to name
    /// the origin of the provider's page as well: Chromium applies it to the redirects after a
    /// form.
    #[must_use]
    pub fn login_url(&self, return_to: &str) -> String {
        let endpoints = &self.inner.endpoints;
        endpoints.login_url(&endpoints.rules.check_or_default(return_to.as_bytes()))
    }

    /// Returns the namespace of the sessions of this login, for sessions that the application
    /// inserts into the store.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.inner.sessions.namespace
    }

    /// Returns the path that begins a login.
    #[must_use]
    pub fn login_path(&self) -> &str {
        &self.inner.endpoints.login_path
    }

    /// Returns the path that revokes the session of a browser that posts to it.
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
    /// Revokes one session, and a login under way in the same browser.
    ///
    /// # Errors
    /// If the store fails; the session may still be there.
    pub async fn revoke_session(&self, session: &Authenticated<P::Identity>) -> Result<(), Error> {
        self.inner.sessions.remove(session.session().id()).await
    }

    /// Revokes all sessions of one user, and logins under way: those whose code was sent before
    /// this returns. It never waits for them. Do not call it in the course of a login of the same
    /// user, which it would revoke; for one session per user see
    /// [`MemoryStoreBuilder::sessions_per_subject`](crate::store::MemoryStoreBuilder::sessions_per_subject).
    ///
    /// # Errors
    /// If the store fails; some of the sessions may still be there.
    pub async fn revoke_sessions_of(&self, subject: &str) -> Result<(), Error> {
        self.inner.sessions.remove_subject(subject).await
    }

    /// Revokes all sessions of this login, and all logins under way. Those of other logins over the
    /// same store stay.
    ///
    /// # Errors
    /// If the store fails; some of the sessions may still be there.
    pub async fn revoke_all_sessions(&self) -> Result<(), Error> {
        self.inner.sessions.remove_all().await
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
