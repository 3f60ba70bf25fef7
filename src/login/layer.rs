use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tower_layer::Layer;

use super::config::LoginLayerBuilder;
use super::service::Login;
use super::shared::Shared;
use super::silent::SilentLoginLayer;
use crate::authenticate::AuthenticateLayer;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::session::Authenticated;
#[cfg(feature = "memory")]
use crate::store::MemoryStore;
use crate::store::{Namespace, SessionStore};

/// Wraps applications in [`Login`]; see the [module](super). Clones are cheap and share everything.
#[cfg(feature = "memory")]
pub struct LoginLayer<P: IdentityProvider, St = MemoryStore<<P as IdentityProvider>::Identity>> {
    shared: Arc<Shared<P, St>>,
}

/// Wraps applications in [`Login`]; see the [module](super). Clones are cheap and share everything.
#[cfg(not(feature = "memory"))]
pub struct LoginLayer<P: IdentityProvider, St> {
    shared: Arc<Shared<P, St>>,
}

#[cfg(feature = "memory")]
impl<P: IdentityProvider> LoginLayer<P> {
    /// Settings for a layer with sessions in memory; [`store`](LoginLayerBuilder::store) puts them elsewhere.
    #[must_use]
    pub fn builder(provider: P) -> LoginLayerBuilder<P, MemoryStore<P::Identity>> {
        LoginLayerBuilder::new(provider, MemoryStore::new())
    }
}

impl<P: IdentityProvider, St> LoginLayer<P, St> {
    pub(super) fn new(shared: Shared<P, St>) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Settings for a layer with sessions in `store`.
    #[must_use]
    pub fn builder_with_store(provider: P, store: St) -> LoginLayerBuilder<P, St> {
        LoginLayerBuilder::new(provider, store)
    }

    /// A layer for services that need to know who is asking, and have no login of their own: same cookie,
    /// same sessions. It answers `401` where this one redirects.
    #[must_use]
    pub fn authenticate(&self) -> AuthenticateLayer<P::Identity, St> {
        AuthenticateLayer::new(Arc::clone(&self.shared.unguarded))
    }

    /// A layer that sends strangers through this login without being asked, where the provider
    /// [agrees](IdentityProvider::allows_silent_login): for WeChat's silent login.
    #[must_use]
    pub fn auto_login(&self) -> SilentLoginLayer<P, St> {
        self.shared.is_auto.store(true, Ordering::Relaxed);
        SilentLoginLayer::new(Arc::clone(&self.shared))
    }

    /// The target to redirect to for a `return_to` that came with a request: a path on this site, or an origin that
    /// is configured. One that is neither (rule T) becomes the default target.
    #[must_use]
    pub fn return_to(&self, target: &str) -> String {
        let settings = &self.shared.settings;
        settings
            .rules
            .check(target.as_bytes())
            .as_ref()
            .unwrap_or(&settings.default_target)
            .as_str()
            .to_owned()
    }

    /// Where to send somebody who shall log in, anew if they are logged in already, and then come to `return_to`:
    /// a path on this site. A target that is none of this site's (rule T) becomes the default target.
    ///
    /// Where a form leads here, a `form-action` of the site's Content-Security-Policy has to name the origin of the
    /// provider's page as well: Chromium applies it to the redirects after a form.
    #[must_use]
    pub fn login_url(&self, return_to: &str) -> String {
        let settings = &self.shared.settings;
        let target = settings.rules.check(return_to.as_bytes());
        settings.login_url(target.as_ref().unwrap_or(&settings.default_target))
    }

    /// The namespace of the sessions of this login, for sessions that are inserted into its store by hand.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.shared.resolver.namespace
    }

    /// The path that begins a login.
    #[must_use]
    pub fn login_path(&self) -> &str {
        &self.shared.settings.login_path
    }

    /// The path that ends the session of whoever posts to it.
    #[must_use]
    pub fn logout_path(&self) -> &str {
        &self.shared.settings.logout_path
    }
}

impl<P, St> LoginLayer<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Ends one session, and a login under way in the same browser.
    ///
    /// # Errors
    /// If the store fails; the session may still be there.
    pub async fn revoke_session(&self, session: &Authenticated<P::Identity>) -> Result<(), Error> {
        self.shared.resolver.remove(session.session().id()).await
    }

    /// Ends all sessions of one person, and their logins under way: those whose code was sent before this returns. It
    /// never waits for them. Not to be called in the course of a login of the same person, which it would end; for one
    /// session a person see [`MemoryStoreBuilder::sessions_per_subject`](crate::store::MemoryStoreBuilder::sessions_per_subject).
    ///
    /// # Errors
    /// If the store fails; some of the sessions may still be there.
    pub async fn revoke_sessions_of(&self, subject: &str) -> Result<(), Error> {
        self.shared.resolver.remove_subject(subject).await
    }

    /// Ends all sessions of this login, and all logins under way. Those of other logins over the same store stay.
    ///
    /// # Errors
    /// If the store fails; some of the sessions may still be there.
    pub async fn revoke_all_sessions(&self) -> Result<(), Error> {
        self.shared.resolver.remove_all().await
    }
}

impl<S, P: IdentityProvider, St> Layer<S> for LoginLayer<P, St> {
    type Service = Login<S, P, St>;

    fn layer(&self, inner: S) -> Self::Service {
        Login::new(inner, Arc::clone(&self.shared))
    }
}

impl<P: IdentityProvider, St> Clone for LoginLayer<P, St> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<P: IdentityProvider, St> fmt::Debug for LoginLayer<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLayer")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
