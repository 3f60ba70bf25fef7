use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::builder::LoginLayerBuilder;
use super::endpoint_service::LoginEndpoints;
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
