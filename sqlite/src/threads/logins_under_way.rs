use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::monotonic;

/// A login whose session is not inserted for this long has failed.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

const CAPACITY: usize = 10_240;

/// The logins that have taken a stamp, and whose sessions are still to be inserted: while there are
/// several, it pays to wait a moment and to sync several sessions at once.
#[derive(Debug, Default)]
pub(crate) struct LoginsUnderWay(Mutex<VecDeque<Instant>>);

impl LoginsUnderWay {
    pub(crate) fn begin(&self) {
        let mut stamps = self.0.lock();
        if stamps.len() == CAPACITY {
            stamps.pop_front();
        }
        stamps.push_back(monotonic::now());
    }

    pub(crate) fn end(&self) {
        self.0.lock().pop_front();
    }

    pub(super) fn count(&self) -> usize {
        let mut stamps = self.0.lock();
        while stamps
            .front()
            .is_some_and(|stamp| stamp.elapsed() > FORGOTTEN_AFTER)
        {
            stamps.pop_front();
        }
        stamps.len()
    }
}
