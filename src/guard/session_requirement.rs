use std::any::type_name;
use std::borrow::Cow;
use std::fmt;

use super::Requirement;
use crate::session::Session;

/// A requirement from a closure over the session, see
/// [`GuardLayer::with_session`](super::GuardLayer::with_session).
///
/// A closure over the identity is a [`Requirement`] by itself.
///
/// ```
/// use tower_weika::guard::SessionRequirement;
/// use tower_weika::identity::Manager;
/// use tower_weika::login::LoginLayer;
/// use tower_weika::session::Session;
///
/// # fn main() -> Result<(), tower_weika::ConfigError> {
/// # let weika = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
/// # const MIGRATED: tower_weika::clock::Timestamp = tower_weika::clock::Timestamp::from_unix_seconds(1_760_000_000);
/// let since_the_migration = |session: &Session<Manager>| session.created() >= MIGRATED;
/// let login = LoginLayer::builder(weika)
///     .public_url("https://campus.example.edu.cn")
///     .guard_prefix("/admin", SessionRequirement::new(since_the_migration))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct SessionRequirement<F>(F);

impl<F> SessionRequirement<F> {
    /// Requires `condition` of the session.
    #[must_use]
    pub const fn new<I>(condition: F) -> Self
    where
        F: Fn(&Session<I>) -> bool,
    {
        Self(condition)
    }
}

impl<I, F: Fn(&Session<I>) -> bool> Requirement<I> for SessionRequirement<F> {
    fn is_satisfied_by(&self, session: &Session<I>) -> bool {
        self.0(session)
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Borrowed(type_name::<F>())
    }
}

impl<F> fmt::Debug for SessionRequirement<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionRequirement")
            .field(&type_name::<F>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_and_debug_name_the_place_of_the_closure() {
        let requirement = SessionRequirement::new(|_: &Session<()>| true);
        let place = format!("{}::description_and_debug", module_path!());
        assert!(Requirement::description(&requirement).starts_with(&place));
        assert!(format!("{requirement:?}").contains(&place));
    }
}
