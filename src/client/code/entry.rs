use crate::error::ErrorKind;

/// How the clients treat an error number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Reaction {
    /// The authorization code is invalid: the user has to log in again.
    Relogin,
    /// The access token is invalid: the client fetches another one, once.
    RefreshToken,
    /// The upstream system is busy: the user may try again later.
    Retry,
    /// The application is configured wrongly: its operator has to act.
    Configuration,
    /// The upstream system denies this user.
    Denied,
    /// Any other failure of the upstream system or of this program.
    Fault,
}

impl Reaction {
    pub(crate) const fn kind(self) -> ErrorKind {
        match self {
            Self::Relogin => ErrorKind::InvalidCode,
            Self::RefreshToken => ErrorKind::TokenRejected,
            Self::Retry => ErrorKind::Busy,
            Self::Configuration => ErrorKind::Configuration,
            Self::Denied => ErrorKind::Denied,
            Self::Fault => ErrorKind::Fault,
        }
    }
}

/// One error number of an upstream system, with its meaning and a remedy.
///
/// ```
/// use tower_weika::client::CodeTable;
///
/// let codes = CodeTable::weika();
/// let entry = codes.entry(40_001).expect("a known number");
/// assert_eq!(entry.meaning(), Some("app_key or app_secret is wrong (不合法)"));
/// assert!(entry.remedy().is_some_and(|remedy| remedy.contains("app_secret")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeEntry {
    code: i64,
    reaction: Reaction,
    meaning: Option<&'static str>,
    remedy: Option<&'static str>,
}

impl CodeEntry {
    /// The entry of a number whose meaning is not known.
    #[must_use]
    pub const fn new(code: i64, reaction: Reaction) -> Self {
        Self {
            code,
            reaction,
            meaning: None,
            remedy: None,
        }
    }

    /// The same entry with the meaning of the number. It becomes part of error messages, so that it must hold no
    /// secret.
    #[must_use]
    pub const fn with_meaning(self, meaning: &'static str) -> Self {
        Self {
            meaning: Some(meaning),
            ..self
        }
    }

    /// The same entry with a remedy, a change for the developer, the operator, the school or the user. It becomes part of error messages.
    #[must_use]
    pub const fn with_remedy(self, remedy: &'static str) -> Self {
        Self {
            remedy: Some(remedy),
            ..self
        }
    }

    /// The number.
    #[must_use]
    pub const fn code(&self) -> i64 {
        self.code
    }

    /// How the clients treat the number.
    #[must_use]
    pub const fn reaction(&self) -> Reaction {
        self.reaction
    }

    /// The meaning of the number in English, with the Chinese term where the document has one.
    #[must_use]
    pub const fn meaning(&self) -> Option<&'static str> {
        self.meaning
    }

    /// The remedy: a change for the developer, the operator, the school or the user.
    #[must_use]
    pub const fn remedy(&self) -> Option<&'static str> {
        self.remedy
    }

    pub(super) const fn with_reaction(self, reaction: Reaction) -> Self {
        Self { reaction, ..self }
    }
}

/// An entry of the crate's own tables.
pub(super) const fn entry(code: i64, reaction: Reaction, meaning: &'static str) -> CodeEntry {
    CodeEntry::new(code, reaction).with_meaning(meaning)
}

/// Remedy for an authorization code that is used up.
pub(super) const LOG_IN_AGAIN: &str = "the user logs in again; if every login fails, the code belongs to another application or is sent twice";
