use std::fmt::Debug;

/// The identity of a user that an [`IdentityProvider`](crate::provider::IdentityProvider) has
/// verified.
///
/// Implementations must not show secrets or card numbers in their `Debug`.
pub trait Identity: Debug + Send + Sync + 'static {
    /// Returns the identifier that is the same in all sessions of this user, unique within the
    /// provider. All sessions of one subject can be revoked together.
    fn subject(&self) -> &str;

    /// Returns the code of the school for which the user acts, for the audit log
    /// ([`LoginEvent::school`](crate::login::LoginEvent::school)). Default: none.
    fn school(&self) -> Option<&str> {
        None
    }

    /// Whether the user has nothing left to do after the login, such as linking an account.
    /// Otherwise the login layer keeps the target of each request, so that a guard can redirect to
    /// the page where it is done and back ([`Reason::Unbound`](crate::response::Reason::Unbound)).
    fn is_complete(&self) -> bool {
        true
    }
}
