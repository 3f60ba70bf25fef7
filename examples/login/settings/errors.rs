//! Reads variables and collects all configuration errors.

use std::env;
use std::fmt;
use std::net::SocketAddr;

use tower_weika::ConfigError;
use tower_weika::ConfigErrorKind;

use super::encoding::{from_base64, from_hex};

/// All configuration errors of the environment.
#[derive(Default, Debug)]
pub(crate) struct SettingsErrors(Vec<String>);

impl SettingsErrors {
    /// Converts an error of the crate at start-up; see [`checked`](Self::checked).
    pub(crate) fn of(error: &ConfigError, variables: &[(&str, &str)]) -> Self {
        let mut errors = Self::default();
        errors.add_all(error, variables);
        errors
    }

    pub(super) fn add(&mut self, error: impl Into<String>) {
        self.0.push(error.into());
    }

    /// Returns `value` if there is no configuration error.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = env::var_os(name)?.into_string();
        if value.is_err() {
            self.add(format!("{name} is not UTF-8"));
        }
        value.ok().filter(|value| !value.is_empty())
    }

    /// Whether a variable is `1`. Another value is a configuration error: `false` must not switch
    /// anything on.
    pub(super) fn switch(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None => false,
            Some("1") => true,
            Some(other) => {
                self.add(format!(
                    "{name} {other:?} is not 1; set it to 1 or leave it unset"
                ));
                false
            }
        }
    }

    pub(super) fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let text = self.text(name)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.add(format!(
                "{name} {text:?} is not an address with a port, such as 127.0.0.1:3000 or [::1]:0"
            ));
        }
        address
    }

    pub(super) fn secret(&mut self, name: &str) -> Option<Vec<u8>> {
        let text = self.text(name)?;
        let secret = from_hex(&text).or_else(|| from_base64(&text));
        if secret.is_none() {
            self.add(format!(
                "{name} (not shown) is neither hex nor base64; `openssl rand -base64 32` generates one"
            ));
        }
        secret
    }

    /// Unwraps what the crate built from the settings. Its configuration errors are reported under
    /// the names that an operator knows: `variables` pairs the names of the crate with those of the
    /// environment.
    pub(super) fn checked<T>(
        &mut self,
        built: Result<T, ConfigError>,
        variables: &[(&str, &str)],
    ) -> Option<T> {
        built.map_err(|error| self.add_all(&error, variables)).ok()
    }

    fn add_all(&mut self, errors: &ConfigError, variables: &[(&str, &str)]) {
        for error in errors.errors() {
            let text = describe(error);
            let renamed = variables.iter().find_map(|(setting, variable)| {
                let rest = text.strip_prefix(setting)?;
                let is_url = matches!(error, ConfigErrorKind::InvalidUrl { .. });
                let value = is_url
                    .then(|| self.text(variable))
                    .flatten()
                    .filter(|value| !value.contains(['@', '?']));
                // The crate redacts every URL that may contain a password; a fragment contains
                // none.
                let rest = match value {
                    Some(value) => rest.replacen("\"[redacted]\"", &format!("{value:?}"), 1),
                    None => rest.to_owned(),
                };
                Some(format!("{variable}{rest}"))
            });
            self.add(renamed.unwrap_or(text));
        }
    }
}

/// Describes a configuration error for an operator, who cannot call the methods that the crate's
/// own text recommends.
fn describe(error: &ConfigErrorKind) -> String {
    match error {
        ConfigErrorKind::InsecureUrl { name, value, .. } => {
            format!("{name} {value:?} is plain http; https is required, except on this machine")
        }
        other => other.to_string(),
    }
}

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid settings:")?;
        self.0
            .iter()
            .try_for_each(|error| write!(f, "\n  - {error}"))
    }
}

impl std::error::Error for SettingsErrors {}
