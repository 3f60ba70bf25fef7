use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use papaya::HashMap;
use parking_lot::Mutex;

use super::SessionKey;
use super::eviction_queue::{Entry, EvictionQueue};
use crate::session::{IdHasher, Session};

/// Map of at most `capacity` sessions, each with metadata `M`.
///
/// A full map evicts the session that was inserted first, unless it was used since: see
/// [`EvictionQueue`]. Reads write nothing for that, because a session knows when it was last used,
/// to the minute: a session in use is safe while fewer sessions than the capacity are inserted in a
/// minute.
pub(in crate::store) struct SessionMap<K, I, M = ()> {
    slots: HashMap<K, Slot<I, M>, BuildHasherDefault<IdHasher>>,
    capacity: usize,
    /// Locked by every insertion, never by a read.
    queue: Mutex<EvictionQueue<I>>,
}

struct Slot<I, M> {
    session: Arc<Session<I>>,
    metadata: M,
}

impl<K: SessionKey, I, M> SessionMap<K, I, M> {
    pub(in crate::store) fn new(capacity: usize) -> Self {
        Self {
            slots: HashMap::with_hasher(BuildHasherDefault::default()),
            capacity: capacity.max(1),
            queue: Mutex::new(EvictionQueue::new()),
        }
    }

    pub(in crate::store) fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(in crate::store) fn get(&self, key: &K) -> Option<Arc<Session<I>>> {
        self.read(key, |session, _| Some(Arc::clone(session)))
    }

    /// Calls `read` with a session and its metadata.
    #[inline]
    pub(in crate::store) fn read<R>(
        &self,
        key: &K,
        read: impl FnOnce(&Arc<Session<I>>, &M) -> Option<R>,
    ) -> Option<R> {
        self.slots
            .pin()
            .get(key)
            .and_then(|slot| read(&slot.session, &slot.metadata))
    }

    /// Inserts a session, and replaces one with the same key. Calls `evicted` with each session
    /// that is evicted.
    pub(in crate::store) fn insert(
        &self,
        session: Arc<Session<I>>,
        metadata: M,
        mut evicted: impl FnMut(&Arc<Session<I>>),
    ) {
        let mut queue = self.queue.lock();
        let entry = Entry::new(&session);
        self.slots
            .pin()
            .insert(K::of(&session), Slot { session, metadata });
        while self.len() > self.capacity
            && let Some(session) = self.evict(&mut queue)
        {
            evicted(&session);
        }
        // Afterwards: a session that is queued again must not come behind the new one, which would
        // then be evicted.
        queue.push(entry, self.len());
    }

    /// Evicts one session; `None` if there is none.
    fn evict(&self, queue: &mut EvictionQueue<I>) -> Option<Arc<Session<I>>> {
        let mut requeued = 0;
        while let Some(session) = queue.pop(&mut requeued) {
            let is_this = |_: &K, slot: &Slot<I, M>| Arc::ptr_eq(&slot.session, &session);
            let slots = self.slots.pin();
            // Otherwise it was removed or replaced before.
            if let Ok(Some(_)) = slots.remove_if(&K::of(&*session), is_this) {
                return Some(session);
            }
        }
        None
    }

    pub(in crate::store) fn remove(&self, key: &K) {
        self.slots.pin().remove(key);
    }

    #[cfg(any(feature = "external-store", test))]
    pub(in crate::store) fn remove_where(&self, is_removed: impl Fn(&Session<I>) -> bool) {
        let slots = self.slots.pin();
        for (key, slot) in &slots {
            if is_removed(&slot.session) {
                slots.remove(key);
            }
        }
        drop(slots);
        self.compact();
    }

    /// Frees what removed sessions leave behind. Callers that remove many sessions call it once
    /// afterwards.
    pub(in crate::store) fn compact(&self) {
        self.queue.lock().compact();
    }

    #[cfg(any(feature = "external-store", test))]
    pub(in crate::store) fn clear(&self) {
        let mut queue = self.queue.lock();
        self.slots.pin().clear();
        queue.clear();
    }

    #[cfg(test)]
    pub(super) fn queue_len(&self) -> usize {
        self.queue.lock().len()
    }
}

impl<K: SessionKey, I, M> fmt::Debug for SessionMap<K, I, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionMap")
            .field("sessions", &self.len())
            .field("capacity", &self.capacity)
            .finish()
    }
}
