use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::address::HostAllowList;
use super::super::connection::{ConnectionSettings, connection_methods};
use super::super::credentials;
use super::super::envelope::Envelope;
use super::super::error_codes::ErrorCodes;
use super::client::WeikaClient;
use super::endpoint::{Endpoint, WeikaTokenSource};
use crate::clock::Clock;
use crate::error::ConfigError;
use crate::log_limit::LogLimit;
use crate::secret::AppSecret;
use crate::token::TokenCache;

/// The platform for the login of managers.
const BASE_URL: &str = "https://uni.weixiao.qq.com";
/// Weika's public platforms. A private platform of a school (私有化) must be allowed by the
/// application.
const PLATFORMS: [&str; 2] = ["*.weixiao.qq.com", "*.wecard.qq.com"];

/// Settings of a [`WeikaClient`].
#[derive(Clone)]
#[must_use]
pub struct WeikaClientBuilder {
    app_key: String,
    app_secret: AppSecret,
    connection: ConnectionSettings,
    allowed_hosts: Vec<String>,
    error_codes: ErrorCodes,
    clock: Clock,
}

impl WeikaClientBuilder {
    pub(super) fn new(app_key: String, app_secret: AppSecret) -> Self {
        Self {
            app_key,
            app_secret,
            connection: ConnectionSettings::new(BASE_URL.to_owned()),
            allowed_hosts: Vec::new(),
            error_codes: ErrorCodes::weika(),
            clock: Clock::system(),
        }
    }

    /// Sets the base URL of Weika. Default: `https://uni.weixiao.qq.com`. It must be https, except
    /// on this machine.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.connection.base_url = base_url.into();
        self
    }

    /// Allows plain http in [`base_url`](Self::base_url) and [`allow_host`](Self::allow_host). The
    /// secret, the token and the codes then cross the network in plain text.
    pub fn allow_http(mut self) -> Self {
        self.connection.allow_http = true;
        self
    }

    /// Allows one more address for [`WeikaClient::post_json`]: `card.school.edu.cn`,
    /// `10.1.2.3:8443`, `*.school.edu.cn`, or an origin with its scheme. The host of the base URL,
    /// `*.weixiao.qq.com` and `*.wecard.qq.com` are always allowed.
    pub fn allow_host(mut self, pattern: impl Into<String>) -> Self {
        self.allowed_hosts.push(pattern.into());
        self
    }

    connection_methods!();

    /// Sets the error codes. Default: [`ErrorCodes::weika`].
    pub fn error_codes(self, error_codes: ErrorCodes) -> Self {
        Self {
            error_codes,
            ..self
        }
    }

    /// Sets the clock for the lifetime of tokens. Default: the system's.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Returns the client.
    ///
    /// # Errors
    ///
    /// All configuration errors at once, without the secret.
    pub fn build(self) -> Result<WeikaClient, ConfigError> {
        let mut errors = Vec::new();
        credentials::check(&self.app_key, &self.app_secret, &mut errors);
        let (allow_http, total) = (self.connection.allow_http, self.connection.limits.total);
        let connection = self.connection.check(&mut errors);
        let base = connection.as_ref().map(|connection| &connection.base);
        let patterns = PLATFORMS
            .into_iter()
            .chain(self.allowed_hosts.iter().map(String::as_str));
        let hosts = HostAllowList::with(base, patterns, allow_http, &mut errors);
        let Some(connection) = connection.filter(|_| errors.is_empty()) else {
            return Err(ConfigError::of(errors));
        };
        let endpoint = Arc::new(Endpoint {
            connection,
            hosts,
            app_key: self.app_key,
            app_secret: self.app_secret,
            envelope: Envelope::new("errcode", self.error_codes),
            clock: self.clock.clone(),
            refusals: LogLimit::default(),
        });
        let tokens = TokenCache::builder(WeikaTokenSource(Arc::clone(&endpoint)))
            .clock(self.clock)
            // A safety net: the call has its own deadline, and its error says more.
            .fetch_timeout(total.saturating_add(Duration::from_secs(1)))
            .build();
        Ok(WeikaClient::new(endpoint, tokens))
    }
}

impl fmt::Debug for WeikaClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeikaClientBuilder")
            .field("app_key", &self.app_key)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_configuration_errors_are_reported_without_secrets() {
        let error = WeikaClient::builder("", "s3cr3t value")
            .base_url("http://weika.example")
            .allow_host("*.com")
            .total_timeout(Duration::ZERO)
            .max_body(0)
            .build()
            .unwrap_err();
        assert_eq!(error.errors().len(), 6, "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }

    #[test]
    fn builder_and_client_show_no_secret() {
        let builder = WeikaClient::builder("KEY", "s3cr3t");
        let client = builder.clone().build().unwrap();
        let shown = format!("{builder:?} {client:?}");
        assert!(
            shown.contains("KEY") && !shown.contains("s3cr3t"),
            "{shown}"
        );
    }

    #[test]
    fn plain_http_is_accepted_for_loopback_or_with_allow_http() {
        let build = |base: &str| WeikaClient::builder("k", "s").base_url(base).build();
        assert!(build("http://127.0.0.1:3001").is_ok());
        assert!(build("http://weika.example").is_err());
        assert!(
            WeikaClient::builder("k", "s")
                .base_url("http://weika.example")
                .allow_http()
                .build()
                .is_ok()
        );
    }
}
