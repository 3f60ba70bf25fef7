use std::any::type_name;
use std::borrow::Cow;
use std::sync::Arc;

/// A condition that an identity has to satisfy. Every closure `Fn(&I) -> bool` is one.
pub trait Requirement<I> {
    /// Whether `identity` satisfies it.
    fn is_satisfied_by(&self, identity: &I) -> bool;

    /// Returns the path of the application's page where a user who does not satisfy the requirement can link an account,
    /// and then does. A navigation is redirected there instead of being rejected.
    fn bind_page(&self) -> Option<Arc<str>> {
        None
    }

    /// Returns the requirement in words, for the log event of a rejection. By default the name of the type, which for a
    /// closure names the function around it.
    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed(type_name::<Self>())
    }
}

impl<I, F: Fn(&I) -> bool> Requirement<I> for F {
    fn is_satisfied_by(&self, identity: &I) -> bool {
        self(identity)
    }
}

/// A login, whatever the identity.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "users name it as a value, and it will never have fields"
)]
pub struct LoggedIn;

impl<I> Requirement<I> for LoggedIn {
    fn is_satisfied_by(&self, _: &I) -> bool {
        true
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed("a login")
    }
}
