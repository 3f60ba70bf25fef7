use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Timestamp;
use crate::login::exchange::NotStarted;

const MINUTE: Duration = Duration::from_secs(60);

/// A ceiling of exchanges in any minute.
#[derive(Debug)]
pub(super) struct Quota {
    max: usize,
    /// The times of the exchanges of the last minute.
    begun: Mutex<VecDeque<Timestamp>>,
}

impl Quota {
    pub(super) fn new(max: NonZeroU32) -> Self {
        Self {
            max: max.get() as usize,
            begun: Mutex::default(),
        }
    }

    pub(super) fn verify(&self, now: Timestamp) -> Result<(), NotStarted> {
        self.with(now, |_| ())
    }

    pub(super) fn take(&self, now: Timestamp) -> Result<(), NotStarted> {
        self.with(now, |begun| begun.push_back(now))
    }

    pub(super) fn cancel(&self) {
        self.begun.lock().pop_back();
    }

    fn with(
        &self,
        now: Timestamp,
        act: impl FnOnce(&mut VecDeque<Timestamp>),
    ) -> Result<(), NotStarted> {
        let mut begun = self.begun.lock();
        // One in the future was counted before the clock was set back.
        while begun
            .front()
            .is_some_and(|at| now < *at || now.since(*at) >= MINUTE)
        {
            begun.pop_front();
        }
        match begun.front() {
            Some(oldest) if begun.len() >= self.max => Err(NotStarted::OverQuota {
                retry_after: MINUTE.saturating_sub(now.since(*oldest)),
            }),
            _ => {
                act(&mut begun);
                Ok(())
            }
        }
    }
}
