//! A bounded table of sessions, looked up by every request and changed by logins: reading takes no lock.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use papaya::HashMap;

use crate::clock::Timestamp;
use crate::session::{IdHasher, Session};

/// What a session is found by.
pub(super) trait Key: Hash + Eq + Send + Sync + 'static {
    /// The key of a session.
    fn of<I>(session: &Session<I>) -> Self;
}

/// Sessions under their keys.
///
/// When there is no room left, the session goes that has had its place for longest without being used in that time:
/// one that was used gives up its place and takes the last one instead ("second chance"). Reading does not have to
/// write anything for that, because a session itself knows when it was last used, to the minute.
pub(super) struct Table<K, I> {
    sessions: HashMap<K, Arc<Session<I>>, BuildHasherDefault<IdHasher>>,
    capacity: usize,
    /// In the order in which they are asked to make room. Locked by whoever changes the table, not by readers.
    places: Mutex<VecDeque<Place<I>>>,
}

struct Place<I> {
    session: Weak<Session<I>>,
    /// The last use of the session when it took this place.
    since: Timestamp,
}

/// One login moves so many sessions to the last place at most, so that none takes long when all are used.
const CHANCES: usize = 64;

impl<K: Key, I> Table<K, I> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            sessions: HashMap::with_hasher(BuildHasherDefault::default()),
            capacity: capacity.max(1),
            places: Mutex::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    #[inline]
    pub(super) fn get(&self, key: &K) -> Option<Arc<Session<I>>> {
        self.sessions.pin().get(key).map(Arc::clone)
    }

    /// Keeps a session, in the place of one with the same key.
    pub(super) fn insert(&self, session: Arc<Session<I>>) {
        let mut places = self.places();
        places.push_back(Place { session: Arc::downgrade(&session), since: session.last_used() });
        self.sessions.pin().insert(K::of(&session), session);
        while self.len() > self.capacity {
            self.make_room(&mut places);
        }
        // Sessions that were removed leave their places behind.
        if places.len() > 2 * self.len() + CHANCES {
            places.retain(|place| place.session.strong_count() > 0);
        }
    }

    fn make_room(&self, places: &mut VecDeque<Place<I>>) {
        let mut chances = CHANCES;
        while let Some(place) = places.pop_front() {
            let Some(session) = place.session.upgrade() else { continue };
            let used = session.last_used();
            if used > place.since && chances > 0 {
                chances -= 1;
                places.push_back(Place { since: used, ..place });
                continue;
            }
            let is_this = |_: &K, kept: &Arc<Session<I>>| Arc::ptr_eq(kept, &session);
            if matches!(self.sessions.pin().remove_if(&K::of(&*session), is_this), Ok(Some(_))) {
                break;
            }
        }
    }

    pub(super) fn remove(&self, key: &K) {
        self.sessions.pin().remove(key);
    }

    pub(super) fn remove_where(&self, is_over: impl Fn(&Session<I>) -> bool) {
        let sessions = self.sessions.pin();
        for (key, session) in &sessions {
            if is_over(session) {
                sessions.remove(key);
            }
        }
    }

    pub(super) fn clear(&self) {
        let mut places = self.places();
        self.sessions.pin().clear();
        places.clear();
    }

    fn places(&self) -> MutexGuard<'_, VecDeque<Place<I>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, I> fmt::Debug for Table<K, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("sessions", &self.len()).field("capacity", &self.capacity).finish()
    }
}
