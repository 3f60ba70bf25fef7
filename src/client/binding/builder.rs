//! Settings of the client, checked once.

use super::super::connection::{ConnectionSettings, connection_methods};
use super::super::envelope::Envelope;
use super::super::error_codes::ErrorCodes;
use super::client::{BindingClient, Endpoint};
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

    /// Allows plain http in the base URL. The codes and the users' credentials then cross the network readably.
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

    /// Sets the error codes. Default: [`ErrorCodes::binding`]. 0 and, of a check, 2000 are no errors,
    /// whatever the table says.
    pub fn error_codes(self, error_codes: ErrorCodes) -> Self {
        Self {
            error_codes,
            ..self
        }
    }

    /// The clock for the lifetime of credentials; the system's unless set.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Every mistake in the settings, at once.
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
        Ok(BindingClient::new(Endpoint {
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
    fn every_mistake_is_told_at_once_and_no_password() {
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
    fn there_is_no_service_but_the_named_one() {
        assert!(BindingClient::builder("").build().is_err());
    }

    #[test]
    fn http_is_for_this_machine_or_on_demand() {
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
