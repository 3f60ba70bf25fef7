use std::error::Error as StdError;
use std::fmt;

use super::ConfigErrorKind;

/// Every error of a configuration at once.
///
/// ```
/// use tower_weika::ConfigErrorKind;
/// use tower_weika::provider::WeikaManagerProvider;
///
/// let error = WeikaManagerProvider::builder("", "").base_url("no URL").build().unwrap_err();
/// assert!(error.errors().len() > 1);
/// let is_url = |kind: &ConfigErrorKind| matches!(kind, ConfigErrorKind::InvalidUrl { .. });
/// assert!(error.errors().iter().any(is_url));
///
/// let provider = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build();
/// assert!(provider.is_ok());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError(Vec<ConfigErrorKind>);

impl ConfigError {
    /// Returns `Ok` if there are no errors.
    pub(crate) fn check(errors: Vec<ConfigErrorKind>) -> Result<(), Self> {
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Self::of(errors))
        }
    }

    /// Creates the error for at least one configuration error.
    pub(crate) fn of(errors: Vec<ConfigErrorKind>) -> Self {
        Self(errors)
    }

    /// Returns the errors in the order in which they were found.
    #[must_use]
    pub fn errors(&self) -> &[ConfigErrorKind] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid configuration: ")?;
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl StdError for ConfigError {
    /// Returns the failure behind the first [`ConfigErrorKind::SetupFailed`].
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.iter().find_map(StdError::source)
    }
}

impl From<ConfigErrorKind> for ConfigError {
    fn from(error: ConfigErrorKind) -> Self {
        Self(vec![error])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_error_lists_every_error() {
        let error = ConfigError(vec![
            ConfigErrorKind::Missing("public_url"),
            ConfigErrorKind::SamePath("login_path", "logout_path"),
        ]);
        assert_eq!(
            error.to_string(),
            "invalid configuration: public_url is required; login_path and logout_path are the same path"
        );
    }
}
