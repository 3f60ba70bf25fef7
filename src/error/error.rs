use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::{DeniedUser, ErrorKind};
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
    /// Text for the user, which no log contains.
    reason: Option<Arc<str>>,
    /// For the event of this process, and for nothing else.
    denied_user: Option<Arc<DeniedUser>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The longest reason for a user.
const REASON_CHARACTERS: usize = 200;

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
        let facts = Facts {
            kind,
            context,
            upstream_code: None,
            meaning: None,
            remedy: None,
        };
        Self(Arc::new(Inner {
            facts,
            reason: None,
            denied_user: None,
            source: None,
        }))
    }

    /// Creates an error of kind [`Denied`](ErrorKind::Denied) with a reason for the user, who reads
    /// it on the page; a script reads it as `reason` in the JSON. For
    /// [`map`](crate::provider::IdentityProvider::map).
    ///
    /// At most 200 characters are kept, and control characters become spaces. The reason may name
    /// the user: `Debug`, `Display` and logs do not contain it. Instances that share a store pass
    /// it to each other through that store.
    ///
    /// ```
    /// use tower_weika::{Error, ErrorKind};
    ///
    /// let error = Error::denied("王伟: only members of the library have access");
    /// assert_eq!(error.kind(), ErrorKind::Denied);
    /// assert_eq!(error.reason(), Some("王伟: only members of the library have access"));
    /// assert_eq!(error.to_string(), "the application denies this user");
    /// assert!(!format!("{error:?}").contains("王伟"));
    /// ```
    #[must_use]
    pub fn denied(reason: impl Into<String>) -> Self {
        let context = "the application denies this user";
        Self::new(ErrorKind::Denied, context).with_reason(&reason.into())
    }

    /// Adds a reason for the user. An empty one is none.
    pub(crate) fn with_reason(self, reason: &str) -> Self {
        let printable = |character: char| match character {
            character if character.is_control() => ' ',
            character => character,
        };
        let text: String = reason
            .chars()
            .map(printable)
            .skip_while(|character| character.is_whitespace())
            .take(REASON_CHARACTERS)
            .collect();
        let text = text.trim_end();
        Self(Arc::new(Inner {
            facts: self.0.facts,
            reason: (!text.is_empty()).then(|| text.into()),
            denied_user: self.0.denied_user.clone(),
            source: None,
        }))
    }

    fn with_facts(&self, facts: Facts) -> Self {
        Self(Arc::new(Inner {
            facts,
            reason: self.0.reason.clone(),
            denied_user: self.0.denied_user.clone(),
            source: None,
        }))
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        Self(Arc::new(Inner {
            facts: self.0.facts,
            reason: self.0.reason.clone(),
            denied_user: self.0.denied_user.clone(),
            source: Some(source.into().into()),
        }))
    }

    /// Adds the number that the upstream system gave; drops a meaning, a remedy and a source.
    #[must_use]
    pub fn with_upstream_code(self, code: i64) -> Self {
        self.with_facts(Facts {
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
        self.with_facts(Facts {
            meaning,
            remedy,
            ..self.0.facts
        })
    }

    /// Replaces the kind; drops a source.
    pub(crate) fn with_kind(self, kind: ErrorKind) -> Self {
        self.with_facts(Facts {
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

    /// Returns the reason for the user, of an error that [`denied`](Self::denied) created. It may
    /// contain personal data. Escape it in HTML.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Adds the user whom the application denies.
    pub(crate) fn with_denied_user(self, user: DeniedUser) -> Self {
        Self(Arc::new(Inner {
            facts: self.0.facts,
            reason: self.0.reason.clone(),
            denied_user: Some(Arc::new(user)),
            source: self.0.source.clone(),
        }))
    }

    /// Returns the user whom the application denies, if the error is of this process.
    pub(crate) fn denied_user(&self) -> Option<&DeniedUser> {
        self.0.denied_user.as_deref()
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
    fn reason_is_for_the_user_and_never_in_debug_display_or_the_log() {
        let error = Error::denied("王伟 is unknown")
            .with_source("no row")
            .with_upstream_code(7)
            .explained(Some("meaning"), None)
            .with_kind(ErrorKind::Denied)
            .with_source("no row");
        assert_eq!(error.reason(), Some("王伟 is unknown"));
        let shown = format!("{error} {error:?} {error:#?} {}", error.report());
        assert!(
            !shown.contains("王") && !shown.contains("unknown"),
            "{shown}"
        );
        assert_eq!(Error::new(ErrorKind::Denied, "call").reason(), None);
    }

    #[test]
    fn denied_user_and_source_are_kept_and_never_shown() {
        let user = DeniedUser {
            subject: "o-secret".to_owned(),
            school: Some("s-secret".to_owned()),
        };
        let error = Error::denied("not a member").with_source("no row");
        let error = error.with_denied_user(user);
        assert_eq!(error.reason(), Some("not a member"));
        assert_eq!(error.source().unwrap().to_string(), "no row");
        let error = error.with_upstream_code(7).with_source("no row");
        assert_eq!(error.denied_user().unwrap().subject, "o-secret");
        let shown = format!("{error} {error:?} {error:#?} {}", error.report());
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn reason_is_cut_at_200_characters_and_has_no_control_characters() {
        let reason = |text: &str| Error::denied(text).reason().map(str::to_owned);
        assert_eq!(reason(&"课".repeat(500)), Some("课".repeat(200)));
        assert_eq!(reason(&"课".repeat(200)), Some("课".repeat(200)));
        assert_eq!(reason("a\r\nb\0c\u{85}d"), Some("a  b c d".to_owned()));
        assert_eq!((reason(""), reason(" \n ")), (None, None));
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
