use std::error::Error as StdError;
use std::sync::Arc;

/// One error of a configuration. Carries the invalid value, unless that is a secret.
///
/// Two are equal if their messages are.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A required value is missing.
    #[error("{0} is required")]
    Missing(&'static str),
    /// A URL cannot be parsed, or has a part that is not allowed there.
    #[error("{name} {value:?} is not {expected}")]
    InvalidUrl {
        /// The setting.
        name: &'static str,
        /// The value.
        value: String,
        /// The kind of URL that is expected.
        expected: &'static str,
    },
    /// A URL of another machine is without TLS.
    #[error("{name} {value:?} is not https; {remedy}")]
    InsecureUrl {
        /// The setting.
        name: &'static str,
        /// The value.
        value: String,
        /// The setting that allows it.
        remedy: &'static str,
    },
    /// The path of an endpoint or a page is not a plain absolute path.
    #[error("{name} {value:?} is not a plain absolute path")]
    InvalidPath {
        /// The setting.
        name: &'static str,
        /// The value.
        value: String,
    },
    /// Two endpoints of one layer have the same path.
    #[error("{0} and {1} are the same path")]
    SamePath(&'static str, &'static str),
    /// Two tenants have the same host, perhaps with different ports, which cookies do not
    /// distinguish.
    #[error("tenant {other:?} has the host of tenant {one:?}")]
    SameHost {
        /// The origin of the first tenant.
        one: String,
        /// The origin of the second tenant.
        other: String,
    },
    /// A number or a length is out of range.
    #[error("{name} is {value}, and must be {expected}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// The value; of a secret, its length.
        value: String,
        /// The range.
        expected: &'static str,
    },
    /// A secret is a literal from the documentation or the examples of this crate.
    #[error(
        "{name} is published in the documentation of tower-weika; generate one with `openssl rand -base64 32`"
    )]
    PublishedSecret {
        /// The setting.
        name: &'static str,
    },
    /// A value contains invalid characters.
    #[error("{name} {value:?} must be {expected}")]
    InvalidCharacters {
        /// The setting.
        name: &'static str,
        /// The value.
        value: String,
        /// The characters that are expected.
        expected: &'static str,
    },
    /// A value is required because a feature is off that would supply it.
    #[error("{name} is required, because the feature {feature:?} is off")]
    MissingFeature {
        /// The setting.
        name: &'static str,
        /// The feature.
        feature: &'static str,
    },
    /// A token cache is attached to another coordinator already, or under another name.
    #[error(
        "the access token is already shared through another coordinator; use one client for each shared store"
    )]
    CoordinatorConflict,
    /// A component cannot be set up on this system.
    #[error("{name} cannot be set up: {reason}")]
    SetupFailed {
        /// The component.
        name: &'static str,
        /// The cause and the remedy.
        reason: String,
        /// The failure itself.
        source: Arc<dyn StdError + Send + Sync>,
    },
}

impl ConfigErrorKind {
    /// Checks a secret that an operator has configured, and never shows it.
    pub(crate) fn in_secret(name: &'static str, secret: &str) -> Option<Self> {
        if secret.is_empty() {
            return Some(Self::Missing(name));
        }
        let is_blank = |character: char| character.is_control() || character.is_whitespace();
        let (value, expected) = (
            "[redacted]".to_owned(),
            "without blanks and control characters",
        );
        secret
            .chars()
            .any(is_blank)
            .then_some(Self::InvalidCharacters {
                name,
                value,
                expected,
            })
    }
}

impl PartialEq for ConfigErrorKind {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for ConfigErrorKind {}

/// Returns a configured URL as a [`ConfigErrorKind`] or `Debug` may show it: redacted if it could
/// contain a password.
pub(crate) fn shown_url(text: &str) -> String {
    if text.contains(['@', '?', '#']) {
        "[redacted]".to_owned()
    } else {
        text.to_owned()
    }
}
