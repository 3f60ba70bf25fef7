use std::fmt;

use super::LoginLayerBuilder;
use crate::error::{ConfigErrorKind, shown_url};
use crate::login::endpoints::Endpoints;
use crate::login::path_prefix::PathPrefix;
use crate::login::return_to::ReturnRules;
use crate::provider::IdentityProvider;
use crate::public_url::{check_origin, check_public_url, is_plain_path};

/// The settings of the addresses of a login.
pub(super) struct Paths {
    public_url: Option<String>,
    strips_prefix: bool,
    loopback_development: bool,
    login_path: Option<String>,
    callback_path: Option<String>,
    logout_path: Option<String>,
    default_target: String,
    return_origins: Vec<String>,
    closed_paths: Vec<String>,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            public_url: None,
            strips_prefix: true,
            loopback_development: false,
            login_path: None,
            callback_path: None,
            logout_path: None,
            default_target: "/".to_owned(),
            return_origins: Vec::new(),
            closed_paths: Vec::new(),
        }
    }
}

impl<P: IdentityProvider, St> LoginLayerBuilder<P, St> {
    /// Sets the URL of the application that browsers see: an origin,
    /// `https://campus.example.edu.cn`, or a path below it, `https://campus.example.edu.cn/app1`.
    /// The redirect URI is built from it and from nothing else; no header of a request changes it
    /// (rule P4).
    ///
    /// With a path, all other arguments of this API are paths of the application, without the
    /// prefix. Links, redirects and return targets are what browsers see, with the prefix; a
    /// `return_to` outside of it is replaced by the default target. The prefix is a part of the
    /// cookie names, so that applications under different paths of one host do not meet.
    /// [`strips_prefix`](Self::strips_prefix) tells which path requests have here.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_weika::ConfigError> {
    /// # let weika = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let login = tower_weika::login::LoginLayer::builder(weika)
    ///     .public_url("https://campus.example.edu.cn/app1")
    ///     .default_target("/start")
    ///     .build()?;
    /// // Register https://campus.example.edu.cn/app1/auth/weika/callback at Weika.
    /// assert_eq!(login.login_path(), "/app1/auth/weika/login");
    /// assert_eq!(login.login_url("/admin"), "/app1/auth/weika/login?return_to=%2Fapp1%2Fadmin");
    /// assert_eq!(login.return_to("/other/page"), "/app1/start");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.settings.paths.public_url = Some(url.into());
        self
    }

    /// Sets whether the path of [`public_url`](Self::public_url) is removed before a request
    /// arrives, as nginx does with `location /app1/ { proxy_pass http://app/; }`. Default: `true`.
    ///
    /// With `false` (`proxy_pass http://app;`) requests have the whole path here, and the router of
    /// the application nests its routes under the prefix, inside this layer:
    /// `Router::new().nest("/app1/", routes).layer(login)`. Without a path in `public_url` this
    /// changes nothing.
    #[must_use]
    pub fn strips_prefix(mut self, strips_prefix: bool) -> Self {
        self.settings.paths.strips_prefix = strips_prefix;
        self
    }

    /// Enables development on this machine: plain http is accepted in
    /// [`public_url`](Self::public_url) for loopback addresses and `localhost`, and for nothing
    /// else; cookies are then neither `Secure` nor `__Host-`.
    #[must_use]
    pub fn loopback_development(mut self) -> Self {
        self.settings.paths.loopback_development = true;
        self
    }

    /// Sets the path of the application that begins a login. Default: `/auth/{provider}/login`.
    #[must_use]
    pub fn login_path(mut self, path: impl Into<String>) -> Self {
        self.settings.paths.login_path = Some(path.into());
        self
    }

    /// Sets the path of the application that the provider redirects the browser back to. Default:
    /// `/auth/{provider}/callback`.
    #[must_use]
    pub fn callback_path(mut self, path: impl Into<String>) -> Self {
        self.settings.paths.callback_path = Some(path.into());
        self
    }

    /// Sets the path of the application that revokes a session. Default: `/auth/{provider}/logout`.
    #[must_use]
    pub fn logout_path(mut self, path: impl Into<String>) -> Self {
        self.settings.paths.logout_path = Some(path.into());
        self
    }

    /// Sets the target of a login or a logout without a valid `return_to`. Default: `/`.
    #[must_use]
    pub fn default_target(mut self, path: impl Into<String>) -> Self {
        self.settings.paths.default_target = path.into();
        self
    }

    /// Allows return targets on another origin, `https://portal.example.edu.cn`. Default: none
    /// (rule T6).
    #[must_use]
    pub fn return_origin(mut self, origin: impl Into<String>) -> Self {
        self.settings.paths.return_origins.push(origin.into());
        self
    }

    /// Excludes this path from the return targets: an endpoint of another login layer, or one that
    /// only takes a `POST` (rule T5). The paths of this layer are always excluded.
    #[must_use]
    pub fn never_return_to(mut self, path: impl Into<String>) -> Self {
        self.settings.paths.closed_paths.push(path.into());
        self
    }
}

impl Paths {
    /// Checks all addresses of the login of this provider.
    pub(super) fn check(
        &self,
        provider: &str,
        clears_fragment: bool,
        errors: &mut Vec<ConfigErrorKind>,
    ) -> Endpoints {
        let (origin, prefix) = match &self.public_url {
            Some(text) => check_public_url("public_url", text, self.loopback_development, errors),
            None => {
                errors.push(ConfigErrorKind::Missing("public_url"));
                (String::new(), String::new())
            }
        };
        let prefix = PathPrefix::new(prefix, self.strips_prefix);
        let paths = self.endpoint_paths(provider, errors);
        let seen = paths.each_ref().map(|path| prefix.seen(path));
        let closed = self.closed_paths.iter().map(|path| prefix.completed(path));
        let closed: Vec<_> = closed.collect();
        let mut origins = Vec::new();
        for text in &self.return_origins {
            origins.push(check_origin("return_origin", text, false, errors));
        }
        let own_paths = seen.iter().map(String::as_str);
        let own_paths = own_paths.chain(closed.iter().map(|path| &**path));
        let rules = ReturnRules::new(origin.as_str(), own_paths, origins).under(prefix.clone());
        let rules = match rules.clone().with_default(&self.default_target) {
            Some(rules) => rules,
            None => {
                errors.push(ConfigErrorKind::InvalidPath {
                    name: "default_target",
                    value: self.default_target.clone(),
                });
                rules
            }
        };
        let [requested_login, requested_callback, requested_logout] =
            paths.map(|path| prefix.arriving(&path));
        let [login_path, callback_path, logout_path] = seen;
        Endpoints {
            redirect_uri: format!("{origin}{callback_path}"),
            origin,
            prefix,
            requested_login,
            requested_callback,
            requested_logout,
            login_path,
            logout_path,
            rules,
            clears_fragment,
        }
    }

    fn endpoint_paths(&self, provider: &str, errors: &mut Vec<ConfigErrorKind>) -> [String; 3] {
        let settings = [
            ("login_path", &self.login_path, "login"),
            ("callback_path", &self.callback_path, "callback"),
            ("logout_path", &self.logout_path, "logout"),
        ];
        let paths = settings.map(|(name, path, default)| {
            let default = || format!("/auth/{provider}/{default}");
            let path = path.clone().unwrap_or_else(default);
            if !is_plain_path(&path) {
                errors.push(ConfigErrorKind::InvalidPath {
                    name,
                    value: path.clone(),
                });
            }
            path
        });
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            if paths[one] == paths[other] {
                errors.push(ConfigErrorKind::SamePath(
                    settings[one].0,
                    settings[other].0,
                ));
            }
        }
        paths
    }
}

impl fmt::Debug for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paths")
            .field("public_url", &self.public_url.as_deref().map(shown_url))
            .field("login_path", &self.login_path)
            .field("callback_path", &self.callback_path)
            .field("logout_path", &self.logout_path)
            .field("default_target", &self.default_target)
            .finish_non_exhaustive()
    }
}
