use super::super::connection::{ConnectionSettings, connection_methods};
use super::super::envelope::Envelope;
use super::super::error_codes::ErrorCodes;
use super::client::{BindingClient, Inner};
use crate::clock::Clock;
use crate::error::ConfigError;

/// Settings of a [`BindingClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct BindingClientBuilder {
    connection: ConnectionSettings,
    company_users: bool,
    error_codes: ErrorCodes,
    clock: Clock,
}

impl BindingClientBuilder {
    pub(super) fn new(base_url: String) -> Self {
        Self {
            connection: ConnectionSettings::new(base_url),
            company_users: false,
            error_codes: ErrorCodes::binding(),
            clock: Clock::system(),
        }
    }

    /// Allows plain http in the base URL. The codes and the users' credentials then cross the network in plain text.
    pub fn allow_http(mut self) -> Self {
        self.connection.allow_http = true;
        self
    }

    connection_methods!();

    /// Asks about company users (企业用户, `companyFlag` 1) instead of ordinary ones (普通用户, 0).
    pub fn company_users(self) -> Self {
        Self {
            company_users: true,
            ..self
        }
    }

    /// Sets the error codes. Default: [`ErrorCodes::binding`]. 0 is never looked up, nor is 2000 by a check.
    pub fn error_codes(self, error_codes: ErrorCodes) -> Self {
        Self {
            error_codes,
            ..self
        }
    }

    /// Sets the clock for the lifetime of credentials. Default: the system's.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Returns the client.
    ///
    /// # Errors
    ///
    /// All configuration errors at once.
    pub fn build(self) -> Result<BindingClient, ConfigError> {
        let Self {
            connection,
            company_users,
            error_codes,
            clock,
        } = self;
        let mut errors = Vec::new();
        let connection = connection.check(&mut errors);
        let Some(connection) = connection.filter(|_| errors.is_empty()) else {
            return Err(ConfigError::of(errors));
        };
        let envelope = Envelope::new("code", error_codes);
        Ok(BindingClient::new(Inner {
            connection,
            envelope,
            company_users,
            clock,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_configuration_errors_are_reported_without_passwords() {
        let builder = BindingClient::builder("https://u:s3cr3t@operator.example");
        let error = builder
            .clone()
            .total_timeout(Duration::ZERO)
            .max_body(0)
            .build()
            .unwrap_err();
        assert_eq!(error.errors().len(), 3, "{error}");
        assert!(!format!("{builder:?} {error} {error:?}").contains("s3cr3t"));
    }

    #[test]
    fn base_url_is_required() {
        assert!(BindingClient::builder("").build().is_err());
    }

    #[test]
    fn plain_http_is_accepted_for_loopback_or_with_allow_http() {
        assert!(
            BindingClient::builder("http://127.0.0.1:3001")
                .build()
                .is_ok()
        );
        assert!(
            BindingClient::builder("http://operator.example")
                .build()
                .is_err()
        );
        assert!(
            BindingClient::builder("http://operator.example")
                .allow_http()
                .build()
                .is_ok()
        );
    }
}
