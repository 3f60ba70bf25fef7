use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, ErrorKind};

/// An entry in the queue for a permit, until it is dropped.
pub(super) struct QueueEntry<'a>(&'a AtomicUsize);

impl<'a> QueueEntry<'a> {
    /// Adds an entry, unless `max_waiting` callers wait already.
    pub(super) fn new(waiting: &'a AtomicUsize, max_waiting: usize) -> Result<Self, Error> {
        let entered = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            (count < max_waiting.max(1)).then(|| count.saturating_add(1))
        });
        match entered {
            Ok(_) => Ok(Self(waiting)),
            Err(_) => Err(Error::new(
                ErrorKind::Overloaded,
                "too many calls wait for the upstream system",
            )),
        }
    }
}

impl Drop for QueueEntry<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
