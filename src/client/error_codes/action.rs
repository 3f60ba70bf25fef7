use crate::error::ErrorKind;

/// The action that an error code of an upstream system calls for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorAction {
    /// The authorization code is invalid: the user must log in again.
    LogInAgain,
    /// The access token is invalid: the client fetches another one, once.
    RefreshToken,
    /// The upstream system is busy: the user may try again later.
    RetryLater,
    /// The configuration of the application is wrong: its operator must correct it.
    Configure,
    /// The upstream system denies access to this user.
    Deny,
    /// The call fails for any other reason, in the upstream system or in this crate.
    Fail,
}

impl ErrorAction {
    /// Returns the kind of the error that a caller gets.
    pub(crate) const fn kind(self) -> ErrorKind {
        match self {
            Self::LogInAgain => ErrorKind::InvalidCode,
            Self::RefreshToken => ErrorKind::TokenRejected,
            Self::RetryLater => ErrorKind::Busy,
            Self::Configure => ErrorKind::Configuration,
            Self::Deny => ErrorKind::Denied,
            Self::Fail => ErrorKind::Fault,
        }
    }
}
