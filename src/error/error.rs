use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::ErrorKind;
use crate::trace;

/// A boxed error of any type, as Tower services use it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A failure of an upstream system, of a store, or of this process.
///
/// Cheap to clone: all callers that waited for the same call get the same failure.
///
/// ```
/// use tower_weika::{Error, ErrorKind};
///
/// /// A sentence for the user of a page that calls an upstream system.
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::InvalidCode | ErrorKind::Lost | ErrorKind::Timeout => "Please log in again.",
///         ErrorKind::Denied => "This account is not allowed to do that.",
///         ErrorKind::Busy | ErrorKind::Overloaded => "Please try again in a minute.",
///         _ => "Please contact the administrator.",
///     }
/// }
/// let busy = Error::new(ErrorKind::Busy, "manager info");
/// assert_eq!(advice(&busy), "Please try again in a minute.");
/// assert_eq!(busy.to_string(), "manager info");
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    facts: Facts,
    source: Option<BoxError>,
}

/// Numbers and literals of this program: no text from outside.
#[derive(Clone, Copy)]
struct Facts {
    kind: ErrorKind,
    context: &'static str,
    upstream_code: Option<i64>,
    meaning: Option<&'static str>,
    remedy: Option<&'static str>,
}

impl Error {
    /// Creates an error of this kind. `context` names the operation in a few lower-case words; it
    /// is a literal, so that no outside text gets into it.
    #[must_use]
    pub fn new(kind: ErrorKind, context: &'static str) -> Self {
        Self::of(Facts {
            kind,
            context,
            upstream_code: None,
            meaning: None,
            remedy: None,
        })
    }

    fn of(facts: Facts) -> Self {
        Self(Arc::new(Inner {
            facts,
            source: None,
        }))
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        Self(Arc::new(Inner {
            facts: self.0.facts,
            source: Some(source.into()),
        }))
    }

    /// Adds the number that the upstream system gave; drops a meaning, a remedy and a source.
    #[must_use]
    pub fn with_upstream_code(self, code: i64) -> Self {
        Self::of(Facts {
            upstream_code: Some(code),
            meaning: None,
            remedy: None,
            ..self.0.facts
        })
    }

    /// Adds the meaning of the upstream code and a remedy; drops a source.
    pub(crate) fn explained(
        self,
        meaning: Option<&'static str>,
        remedy: Option<&'static str>,
    ) -> Self {
        Self::of(Facts {
            meaning,
            remedy,
            ..self.0.facts
        })
    }

    /// Replaces the kind; drops a source.
    pub(crate) fn with_kind(self, kind: ErrorKind) -> Self {
        Self::of(Facts {
            kind,
            ..self.0.facts
        })
    }

    /// Returns the failure of a call that precedes the exchange of an authorization code. A lost or
    /// late response then does not mean that the code may be used.
    pub(crate) fn before_the_code(self, context: &'static str) -> Self {
        let kind = match self.kind() {
            ErrorKind::Timeout => ErrorKind::Unresponsive,
            ErrorKind::Lost => ErrorKind::Fault,
            _ => return self,
        };
        Self::new(kind, context).with_source(self)
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.facts.kind
    }

    /// Returns kind, message and sources in one line, for a log.
    pub(crate) fn report(&self) -> impl fmt::Display {
        Report(self)
    }

    /// Returns the error number of the upstream system (`errcode`, `code`), if it gave one. The
    /// same number means different things at different systems.
    #[must_use]
    pub fn upstream_code(&self) -> Option<i64> {
        self.0.facts.upstream_code
    }

    /// Returns the meaning of the [`upstream_code`](Self::upstream_code), from the client's
    /// [`ErrorCodes`](crate::client::ErrorCodes).
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        self.0.facts.meaning
    }

    /// Returns the remedy for the [`upstream_code`](Self::upstream_code), from the client's
    /// [`ErrorCodes`](crate::client::ErrorCodes).
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        self.0.facts.remedy
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = self.0.facts;
        f.write_str(facts.context)?;
        let Some(code) = facts.upstream_code else {
            return Ok(());
        };
        write!(f, " (upstream code {code}")?;
        if let Some(meaning) = facts.meaning {
            write!(f, ": {meaning}")?;
        }
        if let Some(remedy) = facts.remedy {
            write!(f, "; {remedy}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.facts.kind)
            .field("context", &self.0.facts.context)
            .field("upstream_code", &self.0.facts.upstream_code)
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
        // Only the sources may hold outside text.
        write!(f, "{}: {}", self.0.kind(), self.0)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_does_not_repeat_the_source() {
        let error =
            Error::new(ErrorKind::Lost, "manager info: response lost").with_source("reset by peer");
        assert_eq!(error.to_string(), "manager info: response lost");
        assert_eq!(error.source().unwrap().to_string(), "reset by peer");
        assert_eq!(
            error.with_upstream_code(6001).to_string(),
            "manager info: response lost (upstream code 6001)"
        );
    }

    #[test]
    fn e7_report_escapes_and_cuts_sources_and_keeps_the_remedy() {
        let error = Error::new(ErrorKind::Configuration, "call").with_upstream_code(1);
        let error = error
            .explained(Some("meaning"), Some("remedy"))
            .with_source(format!("a\n{}", "x".repeat(500)));
        let expected = format!(
            "configuration: call (upstream code 1: meaning; remedy): a\\n{}",
            "x".repeat(196)
        );
        assert_eq!(error.report().to_string(), expected);
    }
}
