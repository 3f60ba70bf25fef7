//! The settings of a login layer, and the check of all of them at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use super::admission::AdmissionSettings;
use super::exchange::Exchanges;
use super::flow::FlowCookies;
use super::keys::Keys;
use super::layer::LoginLayer;
use super::reports::Reports;
use super::return_to::{ReturnRules, ReturnTo};
use super::shared::{Settings, Shared};
use crate::authenticate::LoginSessions;
use crate::client::is_loopback;
use crate::clock::Clock;
use crate::cookie::{CookieName, CookiePolicy};
use crate::error::{ConfigError, ConfigErrorKind, shown_url};
use crate::guard::{PrefixGuards, Requirement};
use crate::key_material::{self, MIN_SECRET_BYTES};
use crate::provider::IdentityProvider;
use crate::random;
use crate::response::Pages;
use crate::session::SessionTimeouts;
use crate::store::{Namespace, SessionStore};

/// Settings for a [`LoginLayer`]. Only [`public_url`](Self::public_url) has no default.
pub struct LoginLayerBuilder<P: IdentityProvider, St> {
    provider: P,
    store: St,
    public_url: Option<String>,
    loopback_development: bool,
    login_path: Option<String>,
    callback_path: Option<String>,
    logout_path: Option<String>,
    default_target: String,
    return_origins: Vec<String>,
    closed_paths: Vec<String>,
    secret: Option<Zeroizing<Vec<u8>>>,
    former_secrets: Vec<Zeroizing<Vec<u8>>>,
    lifetime: SessionTimeouts,
    exchange_timeout: Duration,
    pages: Pages,
    clears_fragment: bool,
    guards: PrefixGuards<P::Identity>,
    pub(super) admission: AdmissionSettings,
    clock: Clock,
}

impl<P: IdentityProvider, St> LoginLayerBuilder<P, St> {
    pub(super) fn new(provider: P, store: St) -> Self {
        Self {
            provider,
            store,
            public_url: None,
            loopback_development: false,
            login_path: None,
            callback_path: None,
            logout_path: None,
            default_target: "/".to_owned(),
            return_origins: Vec::new(),
            closed_paths: Vec::new(),
            secret: None,
            former_secrets: Vec::new(),
            lifetime: SessionTimeouts::default(),
            exchange_timeout: Duration::from_secs(30),
            pages: Pages::default(),
            clears_fragment: false,
            guards: PrefixGuards::new(),
            admission: AdmissionSettings::default(),
            clock: Clock::system(),
        }
    }

    /// The origin that browsers see, `https://campus.example.edu.cn`. The redirect URI is built from it and
    /// from nothing else; no header of a request changes it (rule P4).
    #[must_use]
    pub fn public_url(mut self, origin: impl Into<String>) -> Self {
        self.public_url = Some(origin.into());
        self
    }

    /// Development on this machine: plain http is accepted in [`public_url`](Self::public_url) for loopback
    /// addresses and `localhost`, and for nothing else; cookies are then neither `Secure` nor `__Host-`.
    #[must_use]
    pub fn loopback_development(mut self) -> Self {
        self.loopback_development = true;
        self
    }

    /// The path that begins a login. Default: `/auth/{provider}/login`.
    #[must_use]
    pub fn login_path(mut self, path: impl Into<String>) -> Self {
        self.login_path = Some(path.into());
        self
    }

    /// The path that the provider sends the browser back to. Default: `/auth/{provider}/callback`.
    #[must_use]
    pub fn callback_path(mut self, path: impl Into<String>) -> Self {
        self.callback_path = Some(path.into());
        self
    }

    /// The path that ends a session. Default: `/auth/{provider}/logout`.
    #[must_use]
    pub fn logout_path(mut self, path: impl Into<String>) -> Self {
        self.logout_path = Some(path.into());
        self
    }

    /// Where a login or a logout leads that has no better target. Default: `/`.
    #[must_use]
    pub fn default_target(mut self, path: impl Into<String>) -> Self {
        self.default_target = path.into();
        self
    }

    /// Allows return targets on another origin, `https://portal.example.edu.cn`. Default: none (rule T6).
    #[must_use]
    pub fn return_origin(mut self, origin: impl Into<String>) -> Self {
        self.return_origins.push(origin.into());
        self
    }

    /// Keeps a login from leading to this path: an endpoint of another login layer, or one that only takes a `POST`
    /// (rule T5). The paths of this layer are closed anyway.
    #[must_use]
    pub fn never_return_to(mut self, path: impl Into<String>) -> Self {
        self.closed_paths.push(path.into());
        self
    }

    /// The secret that states and flow cookies are authenticated with, and that session ids are derived with: 32
    /// bytes or more, the same on all instances and over restarts. Default: random, so that logins under way end with
    /// the process. With a [store that instances share](SessionStore::coordinator) there is no default: a callback may
    /// arrive at any of them, and at two of them at once.
    ///
    /// Read it from the environment; `openssl rand -base64 32` generates one. A literal that the documentation of this
    /// crate has shown is a configuration error ([`ConfigErrorKind::Published`]).
    #[must_use]
    pub fn secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = Some(Zeroizing::new(secret.into()));
        self
    }

    /// A secret that was in use until a moment ago: logins that have begun under it still end well. Drop it when ten
    /// minutes have passed since the last instance changed to the new one; sessions that are there do not depend on
    /// either.
    ///
    /// Where several instances change one after the other, those that have not changed yet refuse what begins under
    /// the new secret. Nobody notices if all of them are given the new one as a "former" one before the first of them
    /// uses it. A secret that somebody else may know is no former one: leave it out.
    #[must_use]
    pub fn previous_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.former_secrets.push(Zeroizing::new(secret.into()));
        self
    }

    /// How long sessions live. Default: 30 minutes idle, 12 hours absolute.
    #[must_use]
    pub fn lifetime(mut self, lifetime: SessionTimeouts) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How long a visitor waits for the provider's answer to a code at most, over all the calls that it takes. The wait
    /// for a [permit](crate::client::PermitLimits) comes before. Default: 30 seconds.
    #[must_use]
    pub fn exchange_timeout(mut self, timeout: Duration) -> Self {
        self.exchange_timeout = timeout;
        self
    }

    /// How our pages look.
    #[must_use]
    pub fn pages(mut self, pages: Pages) -> Self {
        self.pages = pages;
        self
    }

    /// Guards all targets under `prefix` (`/admin` and `/admin/…`), for applications that route by themselves. May be
    /// called several times; a target under several prefixes has to satisfy all requirements. Where a router can
    /// guard a sub-router ([`guard`](crate::guard)), do that instead.
    ///
    /// The layer decides on the raw request target, after decoding it once. A target that can be read in two ways
    /// (empty or dot segments, `%2f`, `%5c`, `%25`, control characters, a backslash, `;`) is guarded by every prefix,
    /// wherever it seems to lead. The endpoints of the layer are never guarded.
    ///
    /// ```
    /// use tower_weika::guard::{LoggedIn, Role};
    /// use tower_weika::login::LoginLayer;
    /// # fn main() -> Result<(), tower_weika::ConfigError> {
    /// # let weika = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let login = LoginLayer::builder(weika)
    ///     .public_url("https://campus.example.edu.cn")
    ///     .guard_prefix("/admin", LoggedIn)
    ///     .guard_prefix("/admin/roles", Role::at("1014714333", 1))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn guard_prefix<R>(mut self, prefix: &str, requirement: R) -> Self
    where
        R: Requirement<P::Identity> + Send + Sync + 'static,
    {
        self.guards.add(prefix, Arc::new(requirement));
        self
    }

    /// Leaves responses under guarded prefixes as they are. By default those without `Cache-Control` get one; see
    /// [`guard`](crate::guard).
    #[must_use]
    pub fn without_cache_control(mut self) -> Self {
        self.guards.leave_cache_control();
        self
    }

    /// Ends a redirect back to a target without a fragment with an empty one, `/app#`. Default: no fragment.
    ///
    /// A browser keeps the fragment of a redirect where the next one has none (Fetch, "HTTP-redirect fetch"), and
    /// WeChat's authorize address ends with `#wechat_redirect`: an application that routes by the hash finds that
    /// instead of a route of its own. The server never sees the hash that the visitor came with. To keep it, begin the
    /// login in the browser, with the whole address as target:
    /// `location.href = login_path + "?return_to=" + encodeURIComponent(location.href)`.
    #[must_use]
    pub fn clear_fragment(mut self) -> Self {
        self.clears_fragment = true;
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where sessions live.
    #[must_use]
    pub fn store<St2>(self, store: St2) -> LoginLayerBuilder<P, St2> {
        LoginLayerBuilder {
            provider: self.provider,
            store,
            public_url: self.public_url,
            loopback_development: self.loopback_development,
            login_path: self.login_path,
            callback_path: self.callback_path,
            logout_path: self.logout_path,
            default_target: self.default_target,
            return_origins: self.return_origins,
            closed_paths: self.closed_paths,
            secret: self.secret,
            former_secrets: self.former_secrets,
            lifetime: self.lifetime,
            exchange_timeout: self.exchange_timeout,
            pages: self.pages,
            clears_fragment: self.clears_fragment,
            guards: self.guards,
            admission: self.admission,
            clock: self.clock,
        }
    }
}

impl<P, St> LoginLayerBuilder<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Checks all settings. If the store is shared by several instances, the provider is told.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn build(self) -> Result<LoginLayer<P, St>, ConfigError> {
        let mut errors = Vec::new();
        let name = self.provider.name();
        if name.is_empty()
            || name.len() > 32
            || !name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            errors.push(ConfigErrorKind::Characters {
                name: "the provider's name",
                value: name.to_owned(),
                expected: "1 to 32 lower-case letters, digits and hyphens",
            });
        }

        if self.provider.application().is_empty() {
            errors.push(ConfigErrorKind::Missing("the provider's application"));
        }

        let origin = match &self.public_url {
            Some(text) => check_origin("public_url", text, self.loopback_development, &mut errors),
            None => {
                errors.push(ConfigErrorKind::Missing("public_url"));
                String::new()
            }
        };
        let origins = self
            .return_origins
            .iter()
            .map(|text| check_origin("return_origin", text, false, &mut errors));
        let origins: Vec<_> = origins.collect();

        let [login_path, callback_path, logout_path] = [
            ("login_path", &self.login_path, "login"),
            ("callback_path", &self.callback_path, "callback"),
            ("logout_path", &self.logout_path, "logout"),
        ]
        .map(|(setting, given, default)| {
            let path = given
                .clone()
                .unwrap_or_else(|| format!("/auth/{name}/{default}"));
            if !is_plain_path(&path) {
                errors.push(ConfigErrorKind::Path {
                    name: setting,
                    value: path.clone(),
                });
            }
            path
        });
        for (one, other, names) in [
            (&login_path, &callback_path, ("login_path", "callback_path")),
            (&login_path, &logout_path, ("login_path", "logout_path")),
            (
                &callback_path,
                &logout_path,
                ("callback_path", "logout_path"),
            ),
        ] {
            if one == other {
                errors.push(ConfigErrorKind::SamePath(names.0, names.1));
            }
        }

        let own_paths = [&login_path, &callback_path, &logout_path]
            .into_iter()
            .chain(&self.closed_paths);
        let rules = ReturnRules::new(origin.as_str(), own_paths.map(String::as_str), origins);
        let default_target = rules
            .check(self.default_target.as_bytes())
            .unwrap_or_else(|| {
                errors.push(ConfigErrorKind::Path {
                    name: "default_target",
                    value: self.default_target.clone(),
                });
                ReturnTo::root()
            });

        let SessionTimeouts { idle, absolute } = self.lifetime;
        if idle.is_zero() || absolute < idle {
            errors.push(ConfigErrorKind::Bounds {
                name: "lifetime",
                value: format!("{idle:?} idle and {absolute:?} absolute"),
                expected: "more than nothing, and not longer idle than absolute",
            });
        }

        let named = self.secret.iter().map(|secret| ("secret", secret));
        let named = named.chain(
            self.former_secrets
                .iter()
                .map(|secret| ("previous_secret", secret)),
        );
        errors.extend(named.filter_map(|(name, secret)| key_material::check(name, secret)));
        let coordinator = self.store.coordinator();
        if coordinator.is_some() && self.secret.is_none() {
            errors.push(ConfigErrorKind::Missing(
                "secret (the same on all instances, because they share the store)",
            ));
        }
        let secret = self.secret.or_else(|| {
            random::bytes::<MIN_SECRET_BYTES>()
                .ok()
                .map(|bytes| Zeroizing::new(bytes.to_vec()))
        });
        let secret = secret.unwrap_or_else(|| {
            errors.push(ConfigErrorKind::Missing(
                "secret (the operating system has no randomness to give)",
            ));
            Zeroizing::default()
        });
        let admission = self.admission.check(self.clock.now(), &mut errors);
        ConfigError::check(errors)?;

        if let Some(coordinator) = &coordinator {
            self.provider.join(coordinator);
        }
        let cookies = if origin.starts_with("http://") {
            CookiePolicy::LoopbackDevelopment
        } else {
            CookiePolicy::Secure
        };
        let namespace = Namespace::new(name, self.provider.application(), &origin);
        let session_cookie = cookies.name(&format!("{name}-session"));
        let settings = Settings {
            redirect_uri: format!("{origin}{callback_path}"),
            login_path,
            callback_path,
            logout_path,
            default_target,
            rules,
            cookies,
            flows: FlowCookies::new(cookies, name, &session_cookie),
            keys: Keys::derive(&secret, &self.former_secrets, namespace),
            lifetime: self.lifetime,
            exchange_timeout: self.exchange_timeout,
            pages: self.pages,
            clears_fragment: self.clears_fragment,
            origin,
        };
        let cookie = CookieName::new(session_cookie);
        let resolver = LoginSessions {
            cookie,
            store: self.store,
            namespace,
            clock: self.clock.clone(),
            guards: self.guards,
        };
        Ok(LoginLayer::new(Shared {
            provider: self.provider,
            unguarded: Arc::new(resolver.without_guards()),
            resolver: Arc::new(resolver),
            settings,
            exchanges: Exchanges::new(self.clock),
            admission,
            reports: Reports::default(),
            coordinator,
            is_auto: AtomicBool::new(false),
        }))
    }
}

/// The origin as browsers spell it; what it is not goes to the errors.
fn check_origin(
    name: &'static str,
    text: &str,
    loopback_allowed: bool,
    errors: &mut Vec<ConfigErrorKind>,
) -> String {
    const EXPECTED: &str =
        "an origin like https://campus.example.edu.cn, without path, query or user";
    let url = Url::parse(text).ok().filter(|url| {
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_nobody = url.username().is_empty() && url.password().is_none();
        is_bare && is_nobody && url.has_host() && matches!(url.scheme(), "http" | "https")
    });
    let Some(url) = url else {
        errors.push(ConfigErrorKind::Url {
            name,
            value: shown_url(text),
            expected: EXPECTED,
        });
        return String::new();
    };
    if url.scheme() == "http" && !(loopback_allowed && is_loopback(&url)) {
        let remedy = "plain http is for `loopback_development` on this machine only";
        errors.push(ConfigErrorKind::Insecure {
            name,
            value: shown_url(text),
            remedy,
        });
    }
    url.origin().ascii_serialization()
}

/// `/a/b`: a path that has one spelling only.
fn is_plain_path(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|segments| {
        segments.split('/').all(|segment| {
            let is_plain = |byte: u8| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
            };
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && segment.bytes().all(is_plain)
        })
    })
}

impl<P: IdentityProvider, St> fmt::Debug for LoginLayerBuilder<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLayerBuilder")
            .field("public_url", &self.public_url.as_deref().map(shown_url))
            .field("login_path", &self.login_path)
            .field("callback_path", &self.callback_path)
            .field("logout_path", &self.logout_path)
            .field("default_target", &self.default_target)
            .field("guards", &self.guards)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
