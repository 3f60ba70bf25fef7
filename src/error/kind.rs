use std::fmt;

/// The kind of an [`Error`](super::Error).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The authorization code is used, expired or of another application: the user has to log in
    /// again.
    InvalidCode,
    /// The upstream system rejected the application's access token.
    TokenRejected,
    /// The upstream system does not let this user in, or the application does not:
    /// [`Error::denied`](super::Error::denied).
    Denied,
    /// The upstream system reported a wrong configuration: key, secret, school, rights.
    Configuration,
    /// The upstream system is busy: the call may be repeated later.
    Busy,
    /// The upstream system reported an internal failure, or a code that is in no table.
    Fault,
    /// The response differs from the documentation.
    Malformed,
    /// No connection: nothing was sent.
    Connect,
    /// The connection broke before the response: the request may have taken effect.
    Lost,
    /// The response did not arrive in time: the request may have taken effect.
    Timeout,
    /// The upstream system did not respond in time, and nothing of this user had been sent.
    Unresponsive,
    /// Too many calls of this process to the upstream system are running or queued: nothing was
    /// sent.
    Overloaded,
    /// The host is not on the list of allowed hosts.
    ForbiddenHost,
    /// The session store failed.
    Store,
    /// This process failed: no randomness, or a task that ended without a result.
    Internal,
}

impl ErrorKind {
    const ALL: [Self; 15] = [
        Self::InvalidCode,
        Self::TokenRejected,
        Self::Denied,
        Self::Configuration,
        Self::Busy,
        Self::Fault,
        Self::Malformed,
        Self::Connect,
        Self::Lost,
        Self::Timeout,
        Self::Unresponsive,
        Self::Overloaded,
        Self::ForbiddenHost,
        Self::Store,
        Self::Internal,
    ];

    /// Returns the name in logs, in the labels of metrics, and between instances. Names never
    /// change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidCode => "invalid_code",
            Self::TokenRejected => "token_rejected",
            Self::Denied => "denied",
            Self::Configuration => "configuration",
            Self::Busy => "busy",
            Self::Fault => "fault",
            Self::Malformed => "malformed",
            Self::Connect => "connect",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::Unresponsive => "unresponsive",
            Self::Overloaded => "overloaded",
            Self::ForbiddenHost => "forbidden_host",
            Self::Store => "store",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An [`ErrorKind`] by its name, for `#[serde(with = …)]`.
pub(crate) mod kind_name {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use super::ErrorKind;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature is serde's"
    )]
    pub(crate) fn serialize<S: Serializer>(kind: &ErrorKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ErrorKind, D::Error> {
        let name = String::deserialize(from)?;
        let mut kinds = ErrorKind::ALL.into_iter();
        kinds
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| D::Error::custom("unknown kind of error"))
    }
}
