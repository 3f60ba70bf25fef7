//! Order of eviction.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use crate::clock::Timestamp;
use crate::session::Session;

/// An insertion moves at most this many sessions to the back of the queue, so that it stays fast
/// when all are in use.
pub(super) const MAX_REQUEUED: usize = 64;

/// Sessions in the order in which they are considered for eviction ("second chance"): the session
/// at the front is evicted, unless it was used since it was queued. Then it is queued again at the
/// back.
pub(super) struct EvictionQueue<I>(VecDeque<Entry<I>>);

pub(super) struct Entry<I> {
    session: Weak<Session<I>>,
    /// The last use of the session when it was queued.
    used: Timestamp,
}

impl<I> Entry<I> {
    pub(super) fn new(session: &Arc<Session<I>>) -> Self {
        Self {
            session: Arc::downgrade(session),
            used: session.last_used(),
        }
    }
}

impl<I> EvictionQueue<I> {
    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Queues a session of a map with `sessions` of them.
    pub(super) fn push(&mut self, entry: Entry<I>, sessions: usize) {
        self.0.push_back(entry);
        // Sessions that were removed from the map leave their entries behind.
        if self.0.len() > 2 * sessions + MAX_REQUEUED {
            self.compact();
        }
    }

    /// Takes the next session to evict. `requeued` counts those that were used and therefore queued
    /// again.
    pub(super) fn pop(&mut self, requeued: &mut usize) -> Option<Arc<Session<I>>> {
        while let Some(entry) = self.0.pop_front() {
            let Some(session) = entry.session.upgrade() else {
                continue;
            };
            if session.last_used() > entry.used && *requeued < MAX_REQUEUED {
                *requeued += 1;
                self.0.push_back(Entry::new(&session));
                continue;
            }
            return Some(session);
        }
        None
    }

    /// Frees the entries of sessions that were removed.
    pub(super) fn compact(&mut self) {
        self.0.retain(|entry| entry.session.strong_count() > 0);
    }

    #[cfg(any(feature = "external-store", test))]
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
