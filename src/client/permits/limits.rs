use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::ConfigErrorKind;

/// Limits of the calls to one upstream host.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct CallLimits {
    /// `None`: the size of the host's pool, if there is one.
    pub(in crate::client) max_calls: Option<usize>,
    pub(in crate::client) permit_timeout: Duration,
    pub(in crate::client) max_waiting: usize,
}

impl CallLimits {
    pub(super) const MAX_CALLS: usize = 256;

    /// Returns the same limits for a pool of any size.
    pub(in crate::client) fn of_any_size(self) -> Self {
        Self {
            max_calls: None,
            ..self
        }
    }

    pub(in crate::client) fn check(self, errors: &mut Vec<ConfigErrorKind>) {
        let calls = self.max_calls.unwrap_or(Self::MAX_CALLS);
        if !(1..=Semaphore::MAX_PERMITS).contains(&calls) {
            errors.push(ConfigErrorKind::OutOfRange {
                name: "max_calls",
                value: calls.to_string(),
                expected: "at least 1",
            });
        }
        if self.permit_timeout > Duration::from_secs(60) {
            errors.push(ConfigErrorKind::OutOfRange {
                name: "permit_timeout",
                value: format!("{:?}", self.permit_timeout),
                expected: "at most 60 s",
            });
        }
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            max_calls: None,
            permit_timeout: Duration::from_secs(5),
            max_waiting: 10_240,
        }
    }
}
