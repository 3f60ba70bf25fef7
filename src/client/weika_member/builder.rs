use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::connection::{ConnectionSettings, connection_methods};
use super::super::credentials;
use super::super::envelope::Envelope;
use super::super::error_codes::ErrorCodes;
use super::endpoint::{Endpoint, SchoolTokenSource};
use super::identity_types::{DEFAULT_TIME_TO_LIVE, IdentityTypes};
use super::{MemberScope, WeikaMemberClient};
use crate::clock::Clock;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::identity::MemberField;
use crate::secret::AppSecret;
use crate::token::TokenCache;

const BASE_URL: &str = "https://open.wecard.qq.com";

/// Settings of a [`WeikaMemberClient`].
#[derive(Clone)]
#[must_use]
pub struct WeikaMemberClientBuilder {
    app_key: String,
    app_secret: AppSecret,
    ocode: String,
    scope: MemberScope,
    fields: Vec<MemberField>,
    connection: ConnectionSettings,
    error_codes: ErrorCodes,
    time_to_live: Duration,
    clock: Clock,
}

impl WeikaMemberClientBuilder {
    pub(super) fn new(app_key: String, app_secret: AppSecret, ocode: String) -> Self {
        Self {
            app_key,
            app_secret,
            ocode,
            scope: MemberScope::default(),
            fields: Vec::new(),
            connection: ConnectionSettings::new(BASE_URL.to_owned()),
            error_codes: ErrorCodes::weika_member(),
            time_to_live: DEFAULT_TIME_TO_LIVE,
            clock: Clock::system(),
        }
    }

    /// Sets the base URL of Weika. Default: `https://open.wecard.qq.com`. A school with a private
    /// platform (私有化) is reachable at its own address only; it is configured here, and never
    /// taken from a response. It must be https, except on this machine.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.connection.base_url = base_url.into();
        self
    }

    /// Allows plain http in [`base_url`](Self::base_url). The secret, the tokens and the codes then
    /// cross the network in plain text.
    pub fn allow_http(mut self) -> Self {
        self.connection.allow_http = true;
        self
    }

    /// Sets the scope that the login requests. Default: [`MemberScope::UserInfo`].
    pub fn scope(self, scope: MemberScope) -> Self {
        Self { scope, ..self }
    }

    /// Sets the fields that are read beside card number, name and identity type. Default: none. All
    /// others are dropped when a response is parsed.
    pub fn fields(self, fields: impl IntoIterator<Item = MemberField>) -> Self {
        Self {
            fields: fields.into_iter().collect(),
            ..self
        }
    }

    connection_methods!();

    /// Sets the error codes. Default: [`ErrorCodes::weika_member`].
    pub fn error_codes(self, error_codes: ErrorCodes) -> Self {
        Self {
            error_codes,
            ..self
        }
    }

    /// Sets how long the school's list of [identity types](WeikaMemberClient::identity_types) is
    /// fresh. Default: 1 hour.
    pub fn identity_types_time_to_live(self, time_to_live: Duration) -> Self {
        Self {
            time_to_live,
            ..self
        }
    }

    /// Sets the clock for the lifetime of the school's token and of its list. Default: the
    /// system's.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Returns the client.
    ///
    /// # Errors
    ///
    /// All configuration errors at once, without the secret.
    pub fn build(self) -> Result<WeikaMemberClient, ConfigError> {
        let mut errors = Vec::new();
        credentials::check(&self.app_key, &self.app_secret, &mut errors);
        self.check_school_and_fields(&mut errors);
        let total = self.connection.limits.total;
        let connection = self.connection.check(&mut errors);
        let Some(connection) = connection.filter(|_| errors.is_empty()) else {
            return Err(ConfigError::of(errors));
        };
        let endpoint = Arc::new(Endpoint {
            connection,
            app_key: self.app_key,
            app_secret: self.app_secret,
            school_code: self.ocode,
            scope: self.scope,
            fields: self.fields,
            envelope: Envelope::new("errcode", self.error_codes),
            clock: self.clock.clone(),
        });
        let tokens = TokenCache::builder(SchoolTokenSource(Arc::clone(&endpoint)))
            .clock(self.clock)
            // Two attempts, if the first one finds no connection.
            .fetch_timeout(
                total
                    .saturating_mul(2)
                    .saturating_add(Duration::from_secs(1)),
            )
            .build();
        let identity_types = IdentityTypes::new(Arc::clone(&endpoint), tokens, self.time_to_live);
        Ok(WeikaMemberClient {
            endpoint,
            identity_types,
        })
    }

    fn check_school_and_fields(&self, errors: &mut Vec<ConfigErrorKind>) {
        if self.ocode.is_empty() {
            errors.push(ConfigErrorKind::Missing("ocode"));
        } else if !self.ocode.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            errors.push(ConfigErrorKind::InvalidCharacters {
                name: "ocode",
                value: self.ocode.clone(),
                expected: "letters and digits",
            });
        }
        if self.scope == MemberScope::Base && !self.fields.is_empty() {
            errors.push(ConfigErrorKind::Missing(
                "scope UserInfo or Sso (fields are requested)",
            ));
        }
    }
}

impl fmt::Debug for WeikaMemberClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeikaMemberClientBuilder")
            .field("app_key", &self.app_key)
            .field("ocode", &self.ocode)
            .field("scope", &self.scope)
            .field("fields", &self.fields)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_configuration_errors_are_reported_without_secrets() {
        let error = WeikaMemberClient::builder("", "s3cr3t value", "1:2")
            .scope(MemberScope::Base)
            .fields([MemberField::Email])
            .base_url("http://weika.example")
            .total_timeout(Duration::ZERO)
            .max_body(0)
            .build()
            .unwrap_err();
        assert_eq!(error.errors().len(), 7, "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        let error = WeikaMemberClient::builder("KEY", "s", "").build();
        assert_eq!(
            error.unwrap_err().errors(),
            [ConfigErrorKind::Missing("ocode")]
        );
    }

    #[test]
    fn builder_and_client_show_no_secret() {
        let builder = WeikaMemberClient::builder("KEY", "s3cr3t", "1014714333");
        let client = builder.clone().build().unwrap();
        let shown = format!("{builder:?} {client:?} {:?}", client.identity_types());
        assert!(
            shown.contains("KEY") && !shown.contains("s3cr3t"),
            "{shown}"
        );
    }

    #[test]
    fn plain_http_is_accepted_for_loopback_or_with_allow_http() {
        let build = |base: &str| WeikaMemberClient::builder("k", "s", "1").base_url(base);
        assert!(build("http://127.0.0.1:3001").build().is_ok());
        assert!(build("http://weika.example").build().is_err());
        assert!(build("http://weika.example").allow_http().build().is_ok());
    }
}
