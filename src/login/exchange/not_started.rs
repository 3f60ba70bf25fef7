use std::time::Duration;

use crate::error::Error;

/// Reason an exchange did not begin. Nothing was sent, and a reload of the callback starts again.
#[derive(Clone, Debug)]
pub(in crate::login) enum NotStarted {
    /// A dependency failed, or there is no permit.
    Failed(Error),
    /// Too many codes of this client were rejected.
    Throttled { retry_after: Duration },
    /// The ceiling of exchanges per minute is reached.
    OverQuota { retry_after: Duration },
}

impl From<Error> for NotStarted {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
