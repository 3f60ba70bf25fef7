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

    /// Returns an exchange that was taken at this time.
    pub(super) fn cancel(&self, at: Timestamp) {
        let mut begun = self.begun.lock();
        if let Some(index) = begun.iter().rposition(|begun| *begun == at) {
            begun.remove(index);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelled_exchange_gives_back_its_own_entry() {
        let at = |seconds: u64| Timestamp::from_unix_seconds(1_000 + seconds);
        let quota = Quota::new(NonZeroU32::MIN.saturating_add(1));
        quota.take(at(0)).unwrap();
        quota.take(at(50)).unwrap();
        quota.cancel(at(0));
        quota.take(at(60)).unwrap();
        assert!(quota.take(at(61)).is_err(), "that of second 50 counts");
        assert!(quota.take(at(110)).is_ok());
        quota.cancel(at(5));
        assert!(
            quota.take(at(111)).is_err(),
            "an unknown one changes nothing"
        );
    }
}
