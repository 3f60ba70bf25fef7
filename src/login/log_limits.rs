//! Limits on the log lines that an unauthenticated client can cause: one a second for each kind
//! (rule A6).

use crate::error::ErrorKind;
use crate::log_limit::LogLimit;

/// The limits of one login layer.
#[derive(Debug, Default)]
pub(super) struct LogLimits {
    pub(super) clocks: LogLimit,
    pub(super) restarts: LogLimit,
    pub(super) lost_cookies: LogLimit,
    pub(super) bind_page: LogLimit,
    pub(super) old_session: LogLimit,
    pub(super) other_tenant: LogLimit,
    pub(super) failures: LogLimit,
    pub(super) throttled: LogLimit,
    pub(super) over_quota: LogLimit,
    invalid_code: LogLimit,
    overloaded: LogLimit,
    lost: LogLimit,
    store: LogLimit,
    other: LogLimit,
}

impl LogLimits {
    /// Returns the limit for exchanges that failed in this way.
    pub(super) fn exchange(&self, kind: ErrorKind) -> &LogLimit {
        match kind {
            ErrorKind::InvalidCode => &self.invalid_code,
            ErrorKind::Overloaded => &self.overloaded,
            ErrorKind::Lost | ErrorKind::Timeout | ErrorKind::Unresponsive | ErrorKind::Connect => {
                &self.lost
            }
            ErrorKind::Store => &self.store,
            _ => &self.other,
        }
    }
}
