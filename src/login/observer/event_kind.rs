/// The kind of a [`LoginEvent`](super::LoginEvent).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LoginEventKind {
    /// A code was exchanged, and the user has a session.
    LoggedIn,
    /// A code was exchanged, and the provider, the application's
    /// [`map`](crate::provider::IdentityProvider::map) or a concurrent revocation denied the login.
    Denied,
    /// The user declined the login at the provider: the callback came without a code.
    Declined,
    /// A code was sent, and its exchange failed.
    Failed,
    /// A user revoked a session at the logout endpoint.
    LoggedOut,
    /// The application started a session without a provider.
    SessionStarted,
    /// The application revoked one session.
    SessionRevoked,
    /// The application revoked all sessions of one subject.
    SubjectRevoked,
    /// The application revoked all sessions of one subject but the current one.
    OthersRevoked,
    /// The application revoked all sessions of this login.
    AllRevoked,
}

impl LoginEventKind {
    /// Returns the name for an audit log: `logged_in`, `denied` and so on. Names never change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::Denied => "denied",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::LoggedOut => "logged_out",
            Self::SessionStarted => "session_started",
            Self::SessionRevoked => "session_revoked",
            Self::SubjectRevoked => "subject_revoked",
            Self::OthersRevoked => "others_revoked",
            Self::AllRevoked => "all_revoked",
        }
    }
}
