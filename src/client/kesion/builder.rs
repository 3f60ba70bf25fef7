use std::fmt;
use std::sync::Arc;

use super::super::address::HostAllowList;
use super::super::connection::{ConnectionSettings, connection_methods};
use super::super::error_codes::ErrorCodes;
use super::client::{Inner, KesionClient};
use super::encoding::Encoding;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::secret::ApiKey;

/// Settings of a [`KesionClient`].
#[derive(Clone)]
#[must_use]
pub struct KesionClientBuilder {
    connection: ConnectionSettings,
    api_key: Option<ApiKey>,
    encoding: Encoding,
    allowed_hosts: Vec<String>,
    error_codes: ErrorCodes,
}

impl KesionClientBuilder {
    pub(super) fn new(base_url: String) -> Self {
        Self {
            connection: ConnectionSettings::new(base_url),
            api_key: None,
            encoding: Encoding::default(),
            allowed_hosts: Vec::new(),
            error_codes: ErrorCodes::kesion(),
        }
    }

    /// Allows plain http in the base URL and in [`allow_host`](Self::allow_host), which is all that Kesion's pages
    /// show. The token then crosses the network in plain text, and so does a secret in every response with which an
    /// attacker could act for the official account.
    pub fn allow_http(mut self) -> Self {
        self.connection.allow_http = true;
        self
    }

    /// Sets the key of the application (api秘钥, `apikey`). The page of this call does not ask for it, most others do.
    /// Default: none is sent.
    pub fn api_key(self, api_key: impl Into<ApiKey>) -> Self {
        Self {
            api_key: Some(api_key.into()),
            ..self
        }
    }

    /// Sets how the parameters are sent. Default: [`Encoding::Form`].
    pub fn encoding(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// Allows one more address for the links in responses (`auth_url`): `www.school.example`, `*.school.example`,
    /// `10.1.2.3:8443`, or an origin with its scheme. The address of the base URL is always allowed; Kesion's page
    /// shows a link to another host. A link to any other address is omitted from the result.
    pub fn allow_host(mut self, pattern: impl Into<String>) -> Self {
        self.allowed_hosts.push(pattern.into());
        self
    }

    connection_methods!();

    /// Sets the error codes (`returnCode`). Default: [`ErrorCodes::kesion`]. 3001 and 3002 are never looked up.
    pub fn error_codes(self, error_codes: ErrorCodes) -> Self {
        Self {
            error_codes,
            ..self
        }
    }

    /// Returns the client.
    ///
    /// # Errors
    ///
    /// All configuration errors at once, without the key.
    pub fn build(self) -> Result<KesionClient, ConfigError> {
        let mut errors = Vec::new();
        errors.extend(
            self.api_key
                .as_ref()
                .and_then(|key| ConfigErrorKind::in_secret("api_key", key.expose())),
        );
        let allow_http = self.connection.allow_http;
        let connection = self.connection.check(&mut errors);
        let base = connection.as_ref().map(|connection| &connection.base);
        let patterns = self.allowed_hosts.iter().map(String::as_str);
        let hosts = HostAllowList::with(base, patterns, allow_http, &mut errors);
        let Some(connection) = connection.filter(|_| errors.is_empty()) else {
            return Err(ConfigError::of(errors));
        };
        let (api_key, encoding, error_codes) = (self.api_key, self.encoding, self.error_codes);
        Ok(KesionClient::new(Arc::new(Inner {
            connection,
            hosts,
            api_key,
            encoding,
            error_codes,
        })))
    }
}

impl fmt::Debug for KesionClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KesionClientBuilder")
            .field("connection", &self.connection)
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_configuration_errors_are_reported_without_secrets() {
        let error = KesionClient::builder("http://school.example")
            .api_key("s3cr3t key")
            .allow_host("*.com")
            .total_timeout(Duration::ZERO)
            .max_body(0)
            .build()
            .unwrap_err();
        assert_eq!(error.errors().len(), 5, "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        assert!(
            KesionClient::builder("https://school.example")
                .api_key("")
                .build()
                .is_err()
        );
    }

    #[test]
    fn builder_and_client_show_no_secret() {
        let builder = KesionClient::builder("https://school.example").api_key("s3cr3t");
        let client = builder.clone().build().unwrap();
        let shown = format!("{builder:?} {client:?}");
        assert!(
            shown.contains("school.example") && !shown.contains("s3cr3t"),
            "{shown}"
        );
    }

    #[test]
    fn base_url_is_required_and_plain_http_is_accepted_for_loopback_or_with_allow_http() {
        let build = |base: &str| KesionClient::builder(base).build();
        assert!(build("").is_err());
        assert!(build("http://127.0.0.1:3001").is_ok());
        assert!(build("http://school.example").is_err());
        assert!(
            KesionClient::builder("http://school.example")
                .allow_http()
                .build()
                .is_ok()
        );
    }
}
