use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::paths::Paths;
use super::secrets::Secrets;
use crate::clock::Clock;
use crate::guard::{PrefixGuards, Requirement};
use crate::login::admission::{AdmissionSettings, Throttle};
use crate::login::observer::{ClientName, OnEvent};
use crate::provider::IdentityProvider;
use crate::response::Pages;
use crate::session::SessionTimeouts;

/// Settings of a [`LoginLayer`](super::super::LoginLayer). Only [`public_url`](Self::public_url)
/// has no default.
pub struct LoginLayerBuilder<P: IdentityProvider, St> {
    pub(super) provider: P,
    pub(super) store: St,
    pub(super) settings: Settings<P::Identity>,
}

/// The settings that depend on neither the provider nor the store.
pub(super) struct Settings<I> {
    pub(super) paths: Paths,
    pub(super) secrets: Secrets,
    pub(super) cookie_prefix: Option<String>,
    pub(super) timeouts: SessionTimeouts,
    pub(super) exchange_timeout: Duration,
    pub(super) pages: Pages,
    pub(super) clears_fragment: bool,
    pub(super) silent_login: bool,
    pub(super) guards: PrefixGuards<I>,
    pub(super) admission: AdmissionSettings,
    pub(super) clock: Clock,
    pub(super) on_event: Option<OnEvent>,
    pub(super) client_name: Option<ClientName>,
    pub(super) tenant: Option<String>,
}

impl<P: IdentityProvider, St> LoginLayerBuilder<P, St> {
    pub(in crate::login) fn new(provider: P, store: St) -> Self {
        let settings = Settings {
            paths: Paths::default(),
            secrets: Secrets::default(),
            cookie_prefix: None,
            timeouts: SessionTimeouts::default(),
            exchange_timeout: Duration::from_secs(30),
            pages: Pages::default(),
            clears_fragment: false,
            silent_login: false,
            guards: PrefixGuards::new(),
            admission: AdmissionSettings::default(),
            clock: Clock::system(),
            on_event: None,
            client_name: None,
            tenant: None,
        };
        Self {
            provider,
            store,
            settings,
        }
    }

    /// Sets the session store. Default: in memory.
    #[must_use]
    pub fn store<St2>(self, store: St2) -> LoginLayerBuilder<P, St2> {
        LoginLayerBuilder {
            provider: self.provider,
            store,
            settings: self.settings,
        }
    }

    /// Sets the secret under which states and flow cookies are authenticated and session ids are
    /// derived: 32 bytes or more, the same on all instances and over restarts. Default: random, so
    /// that logins under way are lost when the process ends. With a [store that instances
    /// share](crate::store::SessionStore::coordinator) the default is the secret that the store
    /// [keeps](crate::store::SessionStore::secret), and without one there is no default: a callback
    /// may arrive at any of them, and at two of them at once.
    ///
    /// Read it from the environment; `openssl rand -base64 32` generates one. A literal that the
    /// documentation of this crate has shown is a configuration error
    /// ([`ConfigErrorKind::PublishedSecret`](crate::ConfigErrorKind::PublishedSecret)).
    #[must_use]
    pub fn secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.settings.secrets.set(secret.into());
        self
    }

    /// Adds a secret that was in use until recently: logins that began under it still succeed.
    /// Remove it ten minutes after the last instance changed to the new one; existing sessions
    /// depend on neither.
    ///
    /// Where several instances change one after the other, those that have not changed yet reject
    /// logins that began under the new secret. To avoid that, give all of them the new one as a
    /// "previous" one before the first of them uses it. Leave a secret out that may be known to
    /// others.
    #[must_use]
    pub fn previous_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.settings.secrets.add_previous(secret.into());
        self
    }

    /// Makes `prefix` a part of the names of all cookies of this layer,
    /// `__Host-portal-weika-session`: 1 to 32 lower-case letters, digits and hyphens. Default: none,
    /// `__Host-weika-session`.
    ///
    /// Browsers do not separate cookies by port or by path. Two applications on one host with the
    /// same provider need different prefixes: otherwise a login at one ends the session at the
    /// other. Applications under different paths of one host
    /// ([`public_url`](Self::public_url)) have different names without it.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_weika::ConfigError> {
    /// # let weika = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let login = tower_weika::login::LoginLayer::builder(weika)
    ///     .public_url("https://campus.example.edu.cn:8443")
    ///     .cookie_prefix("portal")
    ///     .build()?;
    /// # drop(login);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cookie_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.cookie_prefix = Some(prefix.into());
        self
    }

    /// Sets the time after which sessions expire. Default: 30 minutes idle, 12 hours absolute.
    #[must_use]
    pub fn session_timeouts(mut self, timeouts: SessionTimeouts) -> Self {
        self.settings.timeouts = timeouts;
        self
    }

    /// Sets the timeout of a code exchange, over all calls to the provider that it needs. The wait
    /// for a [permit](crate::client::Permits) comes before. Default: 30 seconds.
    #[must_use]
    pub fn exchange_timeout(mut self, timeout: Duration) -> Self {
        self.settings.exchange_timeout = timeout;
        self
    }

    /// Limits the rejected codes of one client. Every visitor can obtain valid states, and only the
    /// upstream system can distinguish an invalid code from a valid one, so each invalid code costs
    /// a call. A client whose bucket is empty gets `429` with `Retry-After`, and nothing is sent.
    /// Default: no limit, because this crate cannot know the address of the client.
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.settings.admission.throttle = Some(throttle);
        self
    }

    /// Sets the maximum number of exchanges in a minute, for an upstream system with a quota.
    /// Beyond it the response is `503` with `Retry-After`, and nothing is sent. It counts the
    /// exchanges of this process. Default: no ceiling.
    #[must_use]
    pub fn exchanges_per_minute(mut self, max: NonZeroU32) -> Self {
        self.settings.admission.per_minute = Some(max);
        self
    }

    /// Sets the pages for users.
    #[must_use]
    pub fn pages(mut self, pages: Pages) -> Self {
        self.settings.pages = pages;
        self
    }

    /// Guards all targets under `prefix` (`/admin` and `/admin/…`), for applications that route by
    /// themselves. May be called several times; a target under several prefixes has to satisfy all
    /// requirements. Where a router can guard a sub-router ([`guard`](crate::guard)), do that
    /// instead.
    ///
    /// The layer decides on the raw request target, after decoding it once. A target that can be
    /// read in two ways (empty or dot segments, `%2f`, `%5c`, `%25`, control characters, a
    /// backslash, `;`) is guarded by every prefix, even if its decoded path is outside the prefix.
    /// The endpoints of the layer are never guarded. With a path in
    /// [`public_url`](Self::public_url), `prefix` is relative to the application, and guards both
    /// `/admin` and `/app1/admin`, whether a proxy strips `/app1` or not.
    ///
    /// ```
    /// use tower_weika::guard::{LoggedIn, ManagerRequirement};
    /// use tower_weika::login::LoginLayer;
    /// # fn main() -> Result<(), tower_weika::ConfigError> {
    /// # let weika = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let login = LoginLayer::builder(weika)
    ///     .public_url("https://campus.example.edu.cn")
    ///     .guard_prefix("/admin", LoggedIn)
    ///     .guard_prefix("/admin/roles", ManagerRequirement::role_at("1014714333", 1))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn guard_prefix<R>(mut self, prefix: &str, requirement: R) -> Self
    where
        R: Requirement<P::Identity> + Send + Sync + 'static,
    {
        self.settings.guards.add(prefix, Arc::new(requirement));
        self
    }

    /// Leaves responses under guarded prefixes as they are. By default those without
    /// `Cache-Control` get one; see [`guard`](crate::guard).
    #[must_use]
    pub fn without_cache_control(mut self) -> Self {
        self.settings.guards.leave_cache_control();
        self
    }

    /// Ends a redirect back to a target without a fragment with an empty one, `/app#`. Default: no
    /// fragment.
    ///
    /// A browser keeps the fragment of a redirect where the next one has none (Fetch,
    /// "HTTP-redirect fetch"), and WeChat's authorize address ends with `#wechat_redirect`: an
    /// application that routes by the hash finds that instead of its route. The server never sees
    /// the hash that the visitor came with. To keep it, begin the login in the browser, with the
    /// whole address as target:
    /// `location.href = login_path + "?return_to=" + encodeURIComponent(location.href)`.
    #[must_use]
    pub fn clear_fragment(mut self) -> Self {
        self.settings.clears_fragment = true;
        self
    }

    /// Lets [`LoginLayer::silent_login`](super::super::LoginLayer::silent_login) log visitors in
    /// silently, where the provider [allows it](IdentityProvider::allows_silent_login). A logout
    /// then prevents silent logins until the browser closes. Default: no silent login.
    #[must_use]
    pub fn silent_login(mut self) -> Self {
        self.settings.silent_login = true;
        self
    }

    /// Sets the clock. Default: the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }
}

impl<P: IdentityProvider, St> fmt::Debug for LoginLayerBuilder<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLayerBuilder")
            .field("paths", &self.settings.paths)
            .field("guards", &self.settings.guards)
            .field("timeouts", &self.settings.timeouts)
            .finish_non_exhaustive()
    }
}
