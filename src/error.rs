//! What can go wrong outside this process, and the errors of a configuration.
//!
//! What a visitor did wrong is never an [`Error`]: it is a response. An `Error` never carries a body, a URL,
//! a token or a code of anybody.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::trace;

/// Any error of a boxed kind, as Tower services use it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A failure of an upstream system, of a store, or of this process.
///
/// Cheap to clone: everyone who waited for the same thing is told of the same failure.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    context: &'static str,
    upstream_code: Option<i64>,
    /// Meaning of `upstream_code`, from a table of this program.
    meaning: Option<&'static str>,
    remedy: Option<&'static str>,
    source: Option<BoxError>,
}

/// What an [`Error`] calls for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The one-time code is spent, expired or foreign: the person has to log in again.
    InvalidCode,
    /// The upstream system refuses the application's access token.
    TokenRejected,
    /// The upstream system says that this person may not.
    Denied,
    /// The upstream system says that the application is set up wrongly: key, secret, school, rights.
    Configuration,
    /// The upstream system is busy and asks to try again later.
    Busy,
    /// The upstream system reports a failure of its own, or one that is not in our table.
    Fault,
    /// The answer is not what the documents promise.
    Malformed,
    /// No connection: nothing was sent.
    Connect,
    /// The answer was lost on the way: what was sent may have taken effect.
    Lost,
    /// The answer did not come in time: what was sent may have taken effect.
    Timeout,
    /// The upstream system did not answer in time before anything of this person was sent.
    Unresponsive,
    /// Too many calls of this process are under way to the upstream system, or wait for it: nothing was sent.
    Overloaded,
    /// The address is not on the list of those that may be called.
    ForbiddenHost,
    /// The session store does not answer.
    Store,
    /// This process cannot go on: no randomness, or a task that ended without an answer.
    Internal,
}

impl Error {
    /// An error of this kind. `context` says in a few lower-case words what was being done; it is a literal,
    /// so that no outside text gets into it.
    #[must_use]
    pub fn new(kind: ErrorKind, context: &'static str) -> Self {
        Self(Arc::new(Inner {
            kind,
            context,
            upstream_code: None,
            meaning: None,
            remedy: None,
            source: None,
        }))
    }

    /// The same error with the one that caused it.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        let Inner {
            kind,
            context,
            upstream_code,
            meaning,
            remedy,
            ..
        } = *self.0;
        Self(Arc::new(Inner {
            kind,
            context,
            upstream_code,
            meaning,
            remedy,
            source: Some(source.into()),
        }))
    }

    /// The same error with the number that the upstream system gave; the former source is dropped.
    #[must_use]
    pub fn with_upstream_code(self, code: i64) -> Self {
        let Inner { kind, context, .. } = *self.0;
        let upstream_code = Some(code);
        Self(Arc::new(Inner {
            kind,
            context,
            upstream_code,
            meaning: None,
            remedy: None,
            source: None,
        }))
    }

    /// The same error with the meaning of its upstream code and a remedy; the former source is dropped.
    pub(crate) fn explained(
        self,
        meaning: Option<&'static str>,
        remedy: Option<&'static str>,
    ) -> Self {
        let Inner {
            kind,
            context,
            upstream_code,
            ..
        } = *self.0;
        Self(Arc::new(Inner {
            kind,
            context,
            upstream_code,
            meaning,
            remedy,
            source: None,
        }))
    }

    /// The same error as another kind; the former source is dropped.
    pub(crate) fn with_kind(self, kind: ErrorKind) -> Self {
        let Inner {
            context,
            upstream_code,
            meaning,
            remedy,
            ..
        } = *self.0;
        Self(Arc::new(Inner {
            kind,
            context,
            upstream_code,
            meaning,
            remedy,
            source: None,
        }))
    }

    /// The failure of a call that comes before a one-time code is sent. A lost or late answer then does not mean
    /// that the code may be spent.
    pub(crate) fn before_the_code(self, context: &'static str) -> Self {
        let kind = match self.kind() {
            ErrorKind::Timeout => ErrorKind::Unresponsive,
            ErrorKind::Lost => ErrorKind::Fault,
            _ => return self,
        };
        Self::new(kind, context).with_source(self)
    }

    /// What the error calls for.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Kind, message and sources in one line, for a log.
    pub(crate) fn report(&self) -> impl fmt::Display {
        Report(self)
    }

    /// The error number of the upstream system (`errcode`, `code`), if it gave one. The same number means
    /// different things at different systems.
    #[must_use]
    pub fn upstream_code(&self) -> Option<i64> {
        self.0.upstream_code
    }

    /// Meaning of the [`upstream_code`](Self::upstream_code), from the client's
    /// [`ErrorCodes`](crate::client::ErrorCodes).
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        self.0.meaning
    }

    /// Remedy for the [`upstream_code`](Self::upstream_code), from the client's
    /// [`ErrorCodes`](crate::client::ErrorCodes).
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        self.0.remedy
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.context)?;
        let Some(code) = self.0.upstream_code else {
            return Ok(());
        };
        write!(f, " (upstream code {code}")?;
        if let Some(meaning) = self.0.meaning {
            write!(f, ": {meaning}")?;
        }
        if let Some(remedy) = self.0.remedy {
            write!(f, "; {remedy}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("context", &self.0.context)
            .field("upstream_code", &self.0.upstream_code)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

struct Report<'a>(&'a Error);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Literals of this program; only the sources may hold outside text.
        write!(f, "{:?}: {}", self.0.kind(), self.0)?;
        let mut text = String::new();
        let mut source = self.0.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        trace::outside(&text).fmt(f)
    }
}

/// Every mistake of a configuration, at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError(Vec<ConfigErrorKind>);

impl ConfigError {
    /// `Ok` if there is no mistake.
    pub(crate) fn check(errors: Vec<ConfigErrorKind>) -> Result<(), Self> {
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Self::of(errors))
        }
    }

    /// The error for these errors, of which there is at least one.
    pub(crate) fn of(errors: Vec<ConfigErrorKind>) -> Self {
        Self(errors)
    }

    /// The errors, in the order in which they were found.
    #[must_use]
    pub fn errors(&self) -> &[ConfigErrorKind] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid configuration: ")?;
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl StdError for ConfigError {
    /// The failure behind the first [`ConfigErrorKind::Setup`].
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.iter().find_map(StdError::source)
    }
}

impl From<ConfigErrorKind> for ConfigError {
    fn from(mistake: ConfigErrorKind) -> Self {
        Self(vec![mistake])
    }
}

/// One mistake of a configuration. Carries the offending value, unless that is a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A required value was not given.
    #[error("{0} is required")]
    Missing(&'static str),
    /// A URL cannot be read, or has parts that it must not have.
    #[error("{name} {value:?} is not {expected}")]
    Url {
        /// The setting.
        name: &'static str,
        /// What it was set to.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A URL without TLS to another machine.
    #[error("{name} {value:?} is not https; {remedy}")]
    Insecure {
        /// The setting.
        name: &'static str,
        /// What it was set to.
        value: String,
        /// How to allow it, if that is what is wanted.
        remedy: &'static str,
    },
    /// A path of our own that cannot be one.
    #[error("{name} {value:?} is not a plain absolute path")]
    Path {
        /// The setting.
        name: &'static str,
        /// What it was set to.
        value: String,
    },
    /// Two endpoints of one layer share a path.
    #[error("{0} and {1} are the same path")]
    SamePath(&'static str, &'static str),
    /// A number or a length outside its bounds.
    #[error("{name} is {value}, and must be {expected}")]
    Bounds {
        /// The setting.
        name: &'static str,
        /// What it was set to; of a secret, its length.
        value: String,
        /// The bounds.
        expected: &'static str,
    },
    /// A secret is a literal from this crate's documentation or examples.
    #[error(
        "{name} is published in the documentation of tower-weika; generate one with `openssl rand -base64 32`"
    )]
    Published {
        /// The setting.
        name: &'static str,
    },
    /// A value with characters that cannot be in it.
    #[error("{name} {value:?} must be {expected}")]
    Characters {
        /// The setting.
        name: &'static str,
        /// What it was set to.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A token cache is attached to another coordinator already, or under another name.
    #[error(
        "the access token is already shared through another coordinator; use one client for each shared store"
    )]
    CoordinatorConflict,
    /// A part that is needed belongs to a feature that is off.
    #[error("{name} is required, because the feature {feature:?} is off")]
    Feature {
        /// What has to be given.
        name: &'static str,
        /// The feature that would give it.
        feature: &'static str,
    },
    /// A part cannot be made on this system.
    #[error("{name} cannot be set up: {reason}")]
    Setup {
        /// The part.
        name: &'static str,
        /// The cause and the remedy.
        reason: String,
        /// The failure itself.
        source: SetupFailure,
    },
}

/// The failure behind a [`ConfigErrorKind::Setup`]. Two are equal if their texts are.
#[derive(Clone)]
pub struct SetupFailure(Arc<dyn StdError + Send + Sync>);

impl SetupFailure {
    #[cfg_attr(
        not(any(feature = "client", feature = "redis")),
        expect(dead_code, reason = "both have TLS")
    )]
    pub(crate) fn new(failure: impl Into<BoxError>) -> Self {
        Self(failure.into().into())
    }
}

impl PartialEq for SetupFailure {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for SetupFailure {}

impl fmt::Debug for SetupFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SetupFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for SetupFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl ConfigErrorKind {
    /// What is wrong with a secret that came from an operator, without showing it.
    pub(crate) fn in_secret(name: &'static str, secret: &str) -> Option<Self> {
        if secret.is_empty() {
            return Some(Self::Missing(name));
        }
        let is_blank = |character: char| character.is_control() || character.is_whitespace();
        let (value, expected) = (
            "[redacted]".to_owned(),
            "without blanks and control characters",
        );
        secret.chars().any(is_blank).then_some(Self::Characters {
            name,
            value,
            expected,
        })
    }
}

/// A configured URL as a [`ConfigErrorKind`] or `Debug` may show it: not if there could be a password in it.
pub(crate) fn shown_url(text: &str) -> String {
    if text.contains(['@', '?', '#']) {
        "[redacted]".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_does_not_repeat_the_source() {
        let error =
            Error::new(ErrorKind::Lost, "manager info: answer lost").with_source("reset by peer");
        assert_eq!(error.to_string(), "manager info: answer lost");
        assert_eq!(error.source().unwrap().to_string(), "reset by peer");
        assert_eq!(
            error.with_upstream_code(6001).to_string(),
            "manager info: answer lost (upstream code 6001)"
        );
    }

    #[test]
    fn e7_a_report_escapes_and_cuts_its_sources_and_keeps_the_remedy() {
        let error = Error::new(ErrorKind::Configuration, "call").with_upstream_code(1);
        let error = error
            .explained(Some("meaning"), Some("remedy"))
            .with_source(format!("a\n{}", "x".repeat(500)));
        let expected = format!(
            "Configuration: call (upstream code 1: meaning; remedy): a\\n{}",
            "x".repeat(196)
        );
        assert_eq!(error.report().to_string(), expected);
    }

    #[test]
    fn config_error_lists_every_mistake() {
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
