//! Settings of the client, checked once.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::super::code::CodeTable;
use super::super::connection::{ConnectionSettings, connection_methods};
use super::super::envelope::Envelope;
use super::super::host::HostAllowList;
use super::client::WeikaClient;
use super::endpoint::{Endpoint, WeikaTokenSource};
use crate::clock::Clock;
use crate::coordination::Grant;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::secret::AppSecret;
use crate::token::TokenCache;
use crate::trace::LogLimit;

/// The platform where managers log in.
const BASE_URL: &str = "https://uni.weixiao.qq.com";
/// Where Weika's own platforms are. Schools with a platform of their own (私有化) have to be added.
const PLATFORMS: [&str; 2] = ["*.weixiao.qq.com", "*.wecard.qq.com"];

/// Settings of a [`WeikaClient`].
#[derive(Clone)]
#[must_use]
pub struct WeikaClientBuilder {
    app_key: String,
    app_secret: AppSecret,
    connection: ConnectionSettings,
    allowed_hosts: Vec<String>,
    codes: CodeTable,
    clock: Clock,
}

impl WeikaClientBuilder {
    pub(super) fn new(app_key: String, app_secret: AppSecret) -> Self {
        Self {
            app_key,
            app_secret,
            connection: ConnectionSettings::new(BASE_URL.to_owned()),
            allowed_hosts: Vec::new(),
            codes: CodeTable::weika(),
            clock: Clock::system(),
        }
    }

    /// Where Weika is; `https://uni.weixiao.qq.com` unless set. Must be https, except on this machine.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.connection.base_url = base_url.into();
        self
    }

    /// Allows plain http in [`base_url`](Self::base_url) and [`allow_host`](Self::allow_host). The secret, the
    /// token and the codes then cross the network readably.
    pub fn allow_http(mut self) -> Self {
        self.connection.allow_http = true;
        self
    }

    /// Allows one more address for [`WeikaClient::post_json`]: `card.school.edu.cn`, `10.1.2.3:8443`,
    /// `*.school.edu.cn`, or an origin with its scheme. The host of the base URL, `*.weixiao.qq.com` and
    /// `*.wecard.qq.com` are always allowed.
    pub fn allow_host(mut self, pattern: impl Into<String>) -> Self {
        self.allowed_hosts.push(pattern.into());
        self
    }

    connection_methods!();

    /// What error numbers mean; [`CodeTable::weika`] unless set.
    pub fn codes(self, codes: CodeTable) -> Self {
        Self { codes, ..self }
    }

    /// The clock for the lifetime of tokens; the system's unless set.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Every mistake in the settings, at once. The secret is not in it.
    pub fn build(self) -> Result<WeikaClient, ConfigError> {
        let mut errors = Vec::new();
        self.check_credentials(&mut errors);
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
            envelope: Envelope::new("errcode", self.codes),
            clock: self.clock.clone(),
            refusals: LogLimit::default(),
            shared: OnceLock::new(),
        });
        let tokens = TokenCache::builder(WeikaTokenSource(Arc::clone(&endpoint)))
            .clock(self.clock)
            // Only a net: the exchange has a deadline of its own, and so has everything about a coordinator. It must not end
            // the wait for an instance that has died with its grant, nor the exchange that follows, nor what is said
            // with the coordinator before and after.
            .fetch_timeout(
                total
                    .saturating_add(Grant::LIFETIME)
                    .saturating_add(Duration::from_secs(3)),
            )
            .build();
        Ok(WeikaClient::new(endpoint, tokens))
    }

    fn check_credentials(&self, errors: &mut Vec<ConfigErrorKind>) {
        if self.app_key.is_empty() {
            errors.push(ConfigErrorKind::Missing("app_key"));
        } else if !self.app_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let (value, expected) = (self.app_key.clone(), "visible ASCII characters");
            errors.push(ConfigErrorKind::InvalidCharacters {
                name: "app_key",
                value,
                expected,
            });
        }
        errors.extend(ConfigErrorKind::in_secret(
            "app_secret",
            self.app_secret.expose(),
        ));
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
    fn every_mistake_is_told_at_once_and_no_secret() {
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
    fn the_builder_and_the_client_show_no_secret() {
        let builder = WeikaClient::builder("KEY", "s3cr3t");
        let client = builder.clone().build().unwrap();
        let shown = format!("{builder:?} {client:?} {:?}", client.manager_service());
        assert!(
            shown.contains("KEY") && !shown.contains("s3cr3t"),
            "{shown}"
        );
    }

    #[test]
    fn http_is_for_this_machine_or_on_demand() {
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
