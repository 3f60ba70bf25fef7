use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use derive_where::derive_where;

use super::Requirement;
use crate::clock::{Clock, Timestamp};
use crate::response::Reason;
use crate::session::Session;

/// The shortest maximum age. A login marks the browser for 10 s, and the redirects back to the page
/// take time: a session that is too old when it arrives would begin one login after another.
const LEAST: Duration = Duration::from_secs(30);

/// How far the clock of the instance that has made a session may be ahead.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// A requirement together with a recent session, see
/// [`GuardLayer::max_age`](super::GuardLayer::max_age). Also for
/// [`guard_prefix`](crate::login::LoginLayerBuilder::guard_prefix):
///
/// ```
/// use std::time::Duration;
///
/// use tower_weika::guard::{ManagerRequirement, Recent};
/// use tower_weika::login::LoginLayer;
///
/// # fn main() -> Result<(), tower_weika::ConfigError> {
/// # let weika = tower_weika::provider::WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
/// let login = LoginLayer::builder(weika)
///     .public_url("https://campus.example.edu.cn")
///     .guard_prefix("/admin/keys", Recent::new(ManagerRequirement::role(1), Duration::from_secs(300)))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive_where(Clone, Debug)]
pub struct Recent<R> {
    #[derive_where(skip(Debug))]
    requirement: Arc<R>,
    max_age: Duration,
    clock: Clock,
}

impl<R> Recent<R> {
    /// Requires `requirement`, and a session that is at most `max_age` old; 30 seconds if that is
    /// less.
    #[must_use]
    pub fn new(requirement: R, max_age: Duration) -> Self {
        Self::shared(Arc::new(requirement), max_age)
    }

    pub(super) fn shared(requirement: Arc<R>, max_age: Duration) -> Self {
        Self {
            requirement,
            max_age: max_age.max(LEAST),
            clock: Clock::system(),
        }
    }

    /// Sets the clock, for tests. Default: the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl<R> Recent<R> {
    fn is_recent(&self, created: Timestamp) -> bool {
        let now = self.clock.now();
        now.since(created) <= self.max_age && created.since(now) < CLOCK_TOLERANCE
    }
}

impl<I, R: Requirement<I>> Requirement<I> for Recent<R> {
    fn is_satisfied_by(&self, session: &Session<I>) -> bool {
        self.requirement.is_satisfied_by(session) && self.is_recent(session.created())
    }

    /// A new login does not help a session that lacks something else.
    fn rejection_reason(&self, session: &Session<I>) -> Reason {
        if self.requirement.is_satisfied_by(session) {
            Reason::RecentLoginRequired
        } else {
            self.requirement.rejection_reason(session)
        }
    }

    fn description(&self) -> Cow<'_, str> {
        let (requirement, seconds) = (self.requirement.description(), self.max_age.as_secs());
        Cow::Owned(format!(
            "{requirement}, and a session of at most {seconds} s"
        ))
    }
}
