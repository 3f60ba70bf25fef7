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
/// write anything for that, because a session itself knows when it was last used, to the minute: who is busy is safe
/// while fewer sessions begin in a minute than there is room for.
///
/// `N` is a note beside each session.
pub(super) struct Table<K, I, N = ()> {
    sessions: HashMap<K, Slot<I, N>, BuildHasherDefault<IdHasher>>,
    capacity: usize,
    /// In the order in which they are asked to make room. Locked by whoever changes the table, not by readers.
    places: Mutex<VecDeque<Place<I>>>,
}

struct Slot<I, N> {
    session: Arc<Session<I>>,
    note: N,
}

struct Place<I> {
    session: Weak<Session<I>>,
    /// The last use of the session when it took this place.
    since: Timestamp,
}

/// One login moves so many sessions to the last place at most, so that none takes long when all are used.
const CHANCES: usize = 64;

impl<K: Key, I, N> Table<K, I, N> {
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
        self.look(key, |session, _| Some(Arc::clone(session)))
    }

    /// Looks at a session and its note.
    #[inline]
    pub(super) fn look<R>(
        &self,
        key: &K,
        look: impl FnOnce(&Arc<Session<I>>, &N) -> Option<R>,
    ) -> Option<R> {
        self.sessions
            .pin()
            .get(key)
            .and_then(|slot| look(&slot.session, &slot.note))
    }

    /// Keeps a session, in the place of one with the same key. Calls `evicted` with each session that makes room.
    pub(super) fn insert(
        &self,
        session: Arc<Session<I>>,
        note: N,
        mut evicted: impl FnMut(&Arc<Session<I>>),
    ) {
        let mut places = self.places();
        let place = Place {
            session: Arc::downgrade(&session),
            since: session.last_used(),
        };
        self.sessions
            .pin()
            .insert(K::of(&session), Slot { session, note });
        while self.len() > self.capacity
            && let Some(session) = self.make_room(&mut places)
        {
            evicted(&session);
        }
        // Afterwards: whoever gives up a place must not come behind the new one, which would then make room.
        places.push_back(place);
        // Sessions that were removed leave their places behind.
        if places.len() > 2 * self.len() + CHANCES {
            places.retain(|place| place.session.strong_count() > 0);
        }
    }

    /// Evicts one session; `None` if there is none.
    fn make_room(&self, places: &mut VecDeque<Place<I>>) -> Option<Arc<Session<I>>> {
        let mut chances = CHANCES;
        while let Some(place) = places.pop_front() {
            let Some(session) = place.session.upgrade() else {
                continue;
            };
            let used = session.last_used();
            if used > place.since && chances > 0 {
                chances -= 1;
                places.push_back(Place {
                    since: used,
                    ..place
                });
                continue;
            }
            let is_this = |_: &K, kept: &Slot<I, N>| Arc::ptr_eq(&kept.session, &session);
            let is_evicted = matches!(
                self.sessions.pin().remove_if(&K::of(&*session), is_this),
                Ok(Some(_))
            );
            if is_evicted {
                return Some(session);
            }
        }
        None
    }

    pub(super) fn remove(&self, key: &K) {
        self.sessions.pin().remove(key);
    }

    #[cfg(any(feature = "redis", test))]
    pub(super) fn remove_where(&self, is_over: impl Fn(&Session<I>) -> bool) {
        let sessions = self.sessions.pin();
        for (key, slot) in &sessions {
            if is_over(&slot.session) {
                sessions.remove(key);
            }
        }
        drop(sessions);
        self.tidy();
    }

    /// Frees the places of sessions that were removed.
    pub(super) fn tidy(&self) {
        self.places()
            .retain(|place| place.session.strong_count() > 0);
    }

    #[cfg(any(feature = "redis", test))]
    pub(super) fn clear(&self) {
        let mut places = self.places();
        self.sessions.pin().clear();
        places.clear();
    }

    fn places(&self) -> MutexGuard<'_, VecDeque<Place<I>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, I, N> fmt::Debug for Table<K, I, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("sessions", &self.len())
            .field("capacity", &self.capacity)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::session::{SessionId, SessionTimeouts};

    type Sessions = Table<SessionId, u32>;

    const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn insert(table: &Sessions, person: u32, now: Timestamp) -> SessionId {
        let id = SessionId::random().unwrap();
        table.insert(
            Arc::new(Session::new(id, person, SessionTimeouts::default(), now)),
            (),
            |_| (),
        );
        id
    }

    fn use_at(table: &Sessions, id: &SessionId, now: Timestamp) {
        table.get(id).unwrap().touch(now);
    }

    #[test]
    fn exactly_as_many_are_kept_as_there_is_room_for() {
        for capacity in [1, 2, 100, 5_000] {
            let table = Sessions::new(capacity);
            let ids: Vec<_> = (0..3 * capacity)
                .map(|_| insert(&table, 0, START))
                .collect();
            assert_eq!(table.len(), capacity);
            let kept = ids.iter().filter(|id| table.get(id).is_some()).count();
            assert_eq!(kept, capacity, "of {capacity}");
        }
    }

    #[test]
    fn unused_sessions_make_room_in_the_order_of_their_logins() {
        let table = Sessions::new(3);
        let [first, second, third] = [0, 1, 2].map(|second| insert(&table, 0, after(second)));
        insert(&table, 0, after(3));
        assert!(
            table.get(&first).is_none()
                && table.get(&second).is_some()
                && table.get(&third).is_some()
        );
    }

    #[test]
    fn session_in_use_outlives_a_thousand_logins_in_a_full_table() {
        let table = Sessions::new(100);
        let busy = insert(&table, 0, START);
        for number in 0..1_000 {
            // Ten logins a minute, and a use every minute.
            let now = after(60 + number * 6);
            use_at(&table, &busy, now);
            insert(&table, 0, now);
        }
        assert!(table.get(&busy).is_some());
        assert_eq!(table.len(), 100);
    }

    #[test]
    fn new_login_is_kept_when_everybody_is_busy() {
        for capacity in [1, 2, CHANCES, CHANCES + 1, 200] {
            let table = Sessions::new(capacity);
            let mut busy: Vec<_> = (0..capacity).map(|_| insert(&table, 0, START)).collect();
            for number in 1..300 {
                let now = after(number * 60);
                busy.retain(|id| table.get(id).is_some());
                busy.iter().for_each(|id| use_at(&table, id, now));
                let new = insert(&table, 0, now);
                assert!(
                    table.get(&new).is_some(),
                    "login {number} was refused, with room for {capacity}"
                );
                busy.push(new);
            }
            assert_eq!(table.len(), capacity);
        }
    }

    #[test]
    fn places_of_removed_sessions_do_not_pile_up() {
        let table = Sessions::new(1_000);
        for _ in 0..20_000 {
            let id = insert(&table, 0, START);
            table.remove(&id);
        }
        assert_eq!(table.len(), 0);
        // What was removed is freed in batches.
        assert!(table.places().len() < 1_000, "{}", table.places().len());
    }

    #[test]
    fn session_that_is_kept_anew_has_one_place_that_counts() {
        let table = Sessions::new(2);
        let id = SessionId::random().unwrap();
        let session = || Arc::new(Session::new(id, 0, SessionTimeouts::default(), START));
        for _ in 0..10 {
            table.insert(session(), (), |_| ());
        }
        assert_eq!(table.len(), 1);
        let other = insert(&table, 0, START);
        assert!(table.get(&id).is_some() && table.get(&other).is_some());
        insert(&table, 0, START);
        assert!(
            table.get(&id).is_none() && table.get(&other).is_some(),
            "the older one makes room"
        );
    }

    #[test]
    fn the_right_ones_are_removed() {
        let table = Sessions::new(100);
        let ids: Vec<_> = (0..10)
            .map(|person| insert(&table, person, START))
            .collect();
        table.remove_where(|session| *session.identity() >= 5);
        let left: Vec<_> = ids.iter().map(|id| table.get(id).is_some()).collect();
        assert_eq!(left, [[true; 5], [false; 5]].concat());
        table.clear();
        assert_eq!((table.len(), table.places().len()), (0, 0));
    }

    #[test]
    fn readers_always_find_their_session_while_others_come_and_go() {
        let table = Sessions::new(2_000);
        let mine: Vec<_> = (0..500)
            .map(|person| (person, insert(&table, person, START)))
            .collect();
        let (done, barrier) = (AtomicBool::new(false), Barrier::new(3));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    barrier.wait();
                    while !done.load(Ordering::Relaxed) {
                        for (person, id) in &mine {
                            assert_eq!(
                                table.get(id).map(|session| *session.identity()),
                                Some(*person)
                            );
                        }
                    }
                });
            }
            barrier.wait();
            // Never full, but growing, shrinking and swept.
            for round in 0..40 {
                let others: Vec<_> = (0..1_000)
                    .map(|_| insert(&table, u32::MAX, START))
                    .collect();
                if round % 2 == 0 {
                    others.iter().for_each(|id| table.remove(id));
                } else {
                    table.remove_where(|session| *session.identity() == u32::MAX);
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(table.len(), mine.len());
    }

    #[test]
    fn what_was_removed_is_found_by_nobody_whatever_others_do() {
        let table = Sessions::new(1_000);
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                (0..5_000).for_each(|_| _ = insert(&table, 0, START));
            });
            barrier.wait();
            for _ in 0..5_000 {
                let id = insert(&table, 1, START);
                table.remove(&id);
                assert!(table.get(&id).is_none());
            }
        });
        assert!(table.len() <= 1_000);
    }

    #[test]
    fn removed_identities_are_dropped() {
        let dropped = Arc::new(());
        let table = Table::<SessionId, Arc<()>>::new(10);
        for _ in 0..1_000 {
            let id = SessionId::random().unwrap();
            let session = Session::new(id, Arc::clone(&dropped), SessionTimeouts::default(), START);
            table.insert(Arc::new(session), (), |_| ());
        }
        // 10 are kept; the others are freed in batches.
        assert!(
            Arc::strong_count(&dropped) < 200,
            "{}",
            Arc::strong_count(&dropped)
        );
        drop(table);
        assert_eq!(Arc::strong_count(&dropped), 1);
    }

    #[test]
    fn debug_shows_no_id() {
        let table = Sessions::new(10);
        insert(&table, 0, START);
        assert_eq!(format!("{table:?}"), "Table { sessions: 1, capacity: 10 }");
    }
}
