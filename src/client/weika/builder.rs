//! Settings of the client, checked once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::code::CodeTable;
use super::super::envelope::Envelope;
use super::super::host::{BaseUrl, HostAllowList};
use super::super::transport::{Limits, Transport};
use super::client::WeikaClient;
use super::endpoint::{Endpoint, WeikaTokenSource};
use crate::clock::Clock;
use crate::error::{ConfigError, Mistake, shown_url};
use crate::secret::AppSecret;
use crate::token::TokenCache;

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
    base_url: String,
    allow_http: bool,
    allowed_hosts: Vec<String>,
    transport: Option<Transport>,
    codes: CodeTable,
    clock: Clock,
    limits: Limits,
}

impl WeikaClientBuilder {
    pub(super) fn new(app_key: String, app_secret: AppSecret) -> Self {
        Self {
            app_key,
            app_secret,
            base_url: BASE_URL.to_owned(),
            allow_http: false,
            allowed_hosts: Vec::new(),
            transport: None,
            codes: CodeTable::weika(),
            clock: Clock::system(),
            limits: Limits::default(),
        }
    }

    /// Where Weika is; `https://uni.weixiao.qq.com` unless set. Must be https, except on this machine.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), ..self }
    }

    /// Allows plain http in [`base_url`](Self::base_url) and [`allow_host`](Self::allow_host). The secret, the
    /// token and the codes then cross the network readably.
    pub fn allow_http(self) -> Self {
        Self { allow_http: true, ..self }
    }

    /// Allows one more address for [`WeikaClient::post_json`]: `card.school.edu.cn`, `10.1.2.3:8443`,
    /// `*.school.edu.cn`, or an origin with its scheme. The host of the base URL, `*.weixiao.qq.com` and
    /// `*.wecard.qq.com` are always allowed.
    pub fn allow_host(mut self, pattern: impl Into<String>) -> Self {
        self.allowed_hosts.push(pattern.into());
        self
    }

    /// What carries the requests; `reqwest` unless set, if the feature `client` is on.
    pub fn transport(self, transport: Transport) -> Self {
        Self { transport: Some(transport), ..self }
    }

    /// What error numbers mean; [`CodeTable::weika`] unless set.
    pub fn codes(self, codes: CodeTable) -> Self {
        Self { codes, ..self }
    }

    /// The clock for the lifetime of tokens; the system's unless set.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The longest time for one exchange, from connecting to the last byte; 5 s unless set. A
    /// transport of yours may have shorter ones.
    pub fn total_timeout(mut self, total_timeout: Duration) -> Self {
        self.limits.total = total_timeout;
        self
    }

    /// The longest answer that is read, in bytes; 64 KiB unless set.
    pub fn max_body(mut self, max_body: usize) -> Self {
        self.limits.max_body = max_body;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Every mistake in the settings, at once. The secret is not in it.
    pub fn build(self) -> Result<WeikaClient, ConfigError> {
        let mut mistakes = Vec::new();
        self.check_credentials(&mut mistakes);
        self.check_limits(&mut mistakes);
        let base = BaseUrl::parse("base_url", &self.base_url, self.allow_http);
        let hosts = self.hosts(base.as_ref().ok(), &mut mistakes);
        let transport = self.transport.map_or_else(|| default_transport(self.limits), Ok);
        mistakes.extend(base.as_ref().err().cloned());
        mistakes.extend(transport.as_ref().err().cloned());
        ConfigError::check(mistakes)?;

        let endpoint = Arc::new(Endpoint {
            transport: transport?,
            base: base?,
            hosts,
            app_key: self.app_key,
            app_secret: self.app_secret,
            envelope: Envelope::new("errcode", self.codes),
            limits: self.limits,
        });
        let tokens = TokenCache::builder(WeikaTokenSource(Arc::clone(&endpoint)))
            .clock(self.clock)
            // The exchange has a deadline of its own; this one is only a net.
            .fetch_timeout(self.limits.total.saturating_add(Duration::from_secs(1)))
            .build();
        Ok(WeikaClient::new(endpoint, tokens))
    }

    fn check_credentials(&self, mistakes: &mut Vec<Mistake>) {
        if self.app_key.is_empty() {
            mistakes.push(Mistake::Missing("app_key"));
        } else if !self.app_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let (value, expected) = (self.app_key.clone(), "visible ASCII characters");
            mistakes.push(Mistake::Characters { name: "app_key", value, expected });
        }
        let secret = self.app_secret.expose();
        if secret.is_empty() {
            mistakes.push(Mistake::Missing("app_secret"));
        } else if secret.chars().any(|character| character.is_control() || character.is_whitespace()) {
            let (value, expected) = ("[redacted]".to_owned(), "without blanks and control characters");
            mistakes.push(Mistake::Characters { name: "app_secret", value, expected });
        }
    }

    fn check_limits(&self, mistakes: &mut Vec<Mistake>) {
        let Limits { total, max_body } = self.limits;
        if !(Duration::from_millis(1)..=Duration::from_secs(300)).contains(&total) {
            let (value, expected) = (format!("{total:?}"), "between 1 ms and 300 s");
            mistakes.push(Mistake::Bounds { name: "total_timeout", value, expected });
        }
        if !(1024..=16 * 1024 * 1024).contains(&max_body) {
            let (value, expected) = (max_body.to_string(), "between 1 KiB and 16 MiB");
            mistakes.push(Mistake::Bounds { name: "max_body", value, expected });
        }
    }

    fn hosts(&self, base: Option<&BaseUrl>, mistakes: &mut Vec<Mistake>) -> HostAllowList {
        let mut hosts = base.map_or_else(HostAllowList::default, HostAllowList::of);
        for pattern in PLATFORMS.into_iter().chain(self.allowed_hosts.iter().map(String::as_str)) {
            mistakes.extend(hosts.allow("allow_host", pattern, self.allow_http).err());
        }
        hosts
    }
}

impl fmt::Debug for WeikaClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeikaClientBuilder")
            .field("app_key", &self.app_key)
            // Not checked yet: there could be a password in it.
            .field("base_url", &shown_url(&self.base_url))
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "client")]
fn default_transport(limits: Limits) -> Result<Transport, Mistake> {
    Transport::reqwest_within(limits.total)
        .map_err(|error| Mistake::Setup { name: "transport", reason: error.to_string() })
}

#[cfg(not(feature = "client"))]
fn default_transport(_limits: Limits) -> Result<Transport, Mistake> {
    Err(Mistake::Feature { name: "transport", feature: "client" })
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
        assert_eq!(error.mistakes().len(), 6, "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }

    #[test]
    fn the_builder_and_the_client_show_no_secret() {
        let builder = WeikaClient::builder("KEY", "s3cr3t");
        let client = builder.clone().build().unwrap();
        let shown = format!("{builder:?} {client:?} {:?}", client.manager_service());
        assert!(shown.contains("KEY") && !shown.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn http_is_for_this_machine_or_on_demand() {
        let build = |base: &str| WeikaClient::builder("k", "s").base_url(base).build();
        assert!(build("http://127.0.0.1:3001").is_ok());
        assert!(build("http://weika.example").is_err());
        assert!(WeikaClient::builder("k", "s").base_url("http://weika.example").allow_http().build().is_ok());
    }
}
