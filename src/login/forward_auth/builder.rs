use std::fmt;
use std::sync::Arc;

use http::HeaderName;

use super::identity_header::IdentityHeaders;
use super::response::{LOGIN_REDIRECT, ORIGINAL_METHOD};
use super::{ForwardAuth, Settings};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::guard::Requirement;
use crate::log_limit::LogLimit;
use crate::login::inner::Inner;
use crate::provider::IdentityProvider;
use crate::session::Authenticated;

/// The longest name of a header, in bytes.
const MAX_NAME: usize = 64;

/// Settings of a [`ForwardAuth`].
pub struct ForwardAuthBuilder<P: IdentityProvider, St> {
    settings: Settings<P, St>,
    errors: Vec<ConfigErrorKind>,
}

impl<P: IdentityProvider, St> ForwardAuthBuilder<P, St> {
    pub(in crate::login) fn new(login: Arc<Inner<P, St>>) -> Self {
        let settings = Settings {
            login,
            identity_headers: IdentityHeaders::new(),
            requirements: Vec::new(),
            original_uri: HeaderName::from_static("x-original-uri"),
            login_url: HeaderName::from_static("x-login-url"),
            oversized: LogLimit::default(),
        };
        Self {
            settings,
            errors: Vec::new(),
        }
    }

    /// Adds a header with a property of the identity to the response for an authenticated user.
    /// nginx copies it into the request to the application. May be called several times; a second
    /// header of the same name replaces the first one. Default: no header.
    ///
    /// The value is the UTF-8 of the text, with every byte percent-encoded but those of the
    /// unreserved characters `A`–`Z`, `a`–`z`, `0`–`9`, `-`, `.`, `_` and `~` (RFC 3986 §2.3), so
    /// it is never a `+` or a blank. Any percent-decoder returns the text. Without a value, or with
    /// an empty one, the header is absent. All values together have at most 4,096 bytes, encoded;
    /// beyond that the response is `500`, and an error event names the header: half an identity is
    /// not sent.
    ///
    /// `name` begins with `X-` or `Remote-` and has at most 64 letters, digits and hyphens.
    /// Underscores are not accepted: CGI and PHP read `X_User` and `X-User` as one variable.
    #[must_use]
    pub fn header<F>(mut self, name: &str, value: F) -> Self
    where
        F: Fn(&Authenticated<P::Identity>) -> Option<String> + Send + Sync + 'static,
    {
        if let Some(name) = self.check("header", name) {
            self.settings.identity_headers.insert(name, Box::new(value));
        }
        self
    }

    /// Requires `requirement` beside a login; a user who does not satisfy it gets `403`. May be
    /// called several times: all of them are required.
    #[must_use]
    pub fn require<R>(mut self, requirement: R) -> Self
    where
        R: Requirement<P::Identity> + Send + Sync + 'static,
    {
        self.settings.requirements.push(Box::new(requirement));
        self
    }

    /// Sets the request header with the target that the client has requested from nginx, its
    /// `$request_uri`. Default: `X-Original-URI`.
    #[must_use]
    pub fn original_uri_header(mut self, name: &str) -> Self {
        if let Some(name) = self.check("original_uri_header", name) {
            self.settings.original_uri = name;
        }
        self
    }

    /// Sets the response header with the address of the login. Default: `X-Login-Url`.
    #[must_use]
    pub fn login_url_header(mut self, name: &str) -> Self {
        if let Some(name) = self.check("login_url_header", name) {
            self.settings.login_url = name;
        }
        self
    }

    /// Checks all settings and builds the service.
    ///
    /// # Errors
    /// If the name of a header is invalid: all configuration errors at once.
    pub fn build(self) -> Result<ForwardAuth<P, St>, ConfigError> {
        ConfigError::check(self.errors)?;
        Ok(ForwardAuth::new(self.settings))
    }

    /// Returns the name, or records why it is not accepted. nginx acts on `X-Accel-…` itself.
    fn check(&mut self, setting: &'static str, name: &str) -> Option<HeaderName> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let lower = name.to_ascii_lowercase();
        let is_valid = (lower.starts_with("x-") || lower.starts_with("remote-"))
            && lower.len() <= MAX_NAME
            && lower.bytes().all(is_plain)
            && !lower.ends_with('-')
            && !lower.starts_with("x-accel-")
            && ![LOGIN_REDIRECT.as_str(), ORIGINAL_METHOD.as_str()].contains(&&*lower)
            && lower != "x-content-type-options";
        let parsed = HeaderName::try_from(&lower).ok().filter(|_| is_valid);
        if parsed.is_none() {
            self.errors.push(ConfigErrorKind::InvalidCharacters {
                name: setting,
                value: name.to_owned(),
                expected: "`X-` or `Remote-` and then letters, digits and hyphens, 64 in all, and no name that \
                           nginx or browsers use, such as `X-Accel-…`",
            });
        }
        parsed
    }
}

impl<P: IdentityProvider, St> fmt::Debug for ForwardAuthBuilder<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardAuthBuilder")
            .field("identity_headers", &self.settings.identity_headers)
            .finish_non_exhaustive()
    }
}
