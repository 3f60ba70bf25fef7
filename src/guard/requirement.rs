use std::any::type_name;
use std::borrow::Cow;

use crate::response::Reason;
use crate::session::Session;

/// A condition that the session of a request has to satisfy. Every closure `Fn(&I) -> bool` is one,
/// and a [`SessionRequirement`](super::SessionRequirement) is one from a closure over the session.
///
/// ```
/// use std::borrow::Cow;
///
/// use tower_weika::guard::{GuardLayer, Requirement};
/// use tower_weika::identity::Manager;
/// use tower_weika::session::Session;
///
/// /// A manager with real-name data.
/// struct RealName;
///
/// impl Requirement<Manager> for RealName {
///     fn is_satisfied_by(&self, session: &Session<Manager>) -> bool {
///         session.identity().real_info.is_some()
///     }
///
///     fn description(&self) -> Cow<'_, str> {
///         "real-name data".into()
///     }
/// }
///
/// let guard = GuardLayer::<Manager>::custom(RealName);
/// ```
pub trait Requirement<I> {
    /// Whether `session` satisfies it. Called for every guarded request.
    fn is_satisfied_by(&self, session: &Session<I>) -> bool;

    /// Returns the reason of the rejection of a session that does not satisfy the requirement.
    /// Default: [`Reason::Forbidden`].
    fn rejection_reason(&self, _session: &Session<I>) -> Reason {
        Reason::Forbidden
    }

    /// Returns the requirement in words, for the log event of a rejection. By default the name of
    /// the type, which for a closure names the function around it.
    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed(type_name::<Self>())
    }
}

impl<I, F: Fn(&I) -> bool> Requirement<I> for F {
    fn is_satisfied_by(&self, session: &Session<I>) -> bool {
        self(session.identity())
    }
}

/// Requires a login and no property of the identity.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "users name it as a value, and it will never have fields"
)]
pub struct LoggedIn;

impl<I> Requirement<I> for LoggedIn {
    fn is_satisfied_by(&self, _: &Session<I>) -> bool {
        true
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed("a login")
    }
}
