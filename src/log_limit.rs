use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Timestamp;

/// Lets one log line of a kind pass each second and counts the others, so that a flood of requests
/// does not multiply it. Lock-free.
#[derive(Debug, Default)]
pub(crate) struct LogLimit {
    /// In milliseconds; 0 before the first line.
    last: AtomicU64,
    suppressed: AtomicU64,
}

impl LogLimit {
    const INTERVAL: Duration = Duration::from_secs(1);

    /// Returns the number of lines that were suppressed since the last one, if a line may be
    /// written now.
    pub(crate) fn admit(&self, now: Timestamp) -> Option<u64> {
        let last = self.last.load(Ordering::Relaxed);
        let since = Timestamp::from_unix_millis(last);
        // A clock that was set back must not silence the log.
        let is_due = last == 0 || now < since || now.since(since) >= Self::INTERVAL;
        let next = now.unix_millis().max(1);
        if is_due
            && self
                .last
                .compare_exchange(last, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            return Some(self.suppressed.swap(0, Ordering::Relaxed));
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}
