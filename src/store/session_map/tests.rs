use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use super::SessionMap;
use super::eviction_queue::MAX_REQUEUED;
use crate::clock::Timestamp;
use crate::session::{Session, SessionId, SessionTimeouts};

type Sessions = SessionMap<SessionId, u32>;

const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

fn after(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn insert(map: &Sessions, person: u32, now: Timestamp) -> SessionId {
    let id = SessionId::random().unwrap();
    map.insert(
        Arc::new(Session::new(id, person, SessionTimeouts::default(), now)),
        (),
        |_| (),
    );
    id
}

fn use_at(map: &Sessions, id: &SessionId, now: Timestamp) {
    map.get(id).unwrap().touch(now);
}

#[test]
fn full_map_holds_exactly_its_capacity() {
    for capacity in [1, 2, 100, 5_000] {
        let map = Sessions::new(capacity);
        let ids: Vec<_> = (0..3 * capacity).map(|_| insert(&map, 0, START)).collect();
        assert_eq!(map.len(), capacity);
        let kept = ids.iter().filter(|id| map.get(id).is_some()).count();
        assert_eq!(kept, capacity, "of {capacity}");
    }
}

#[test]
fn unused_sessions_are_evicted_in_the_order_of_their_logins() {
    let map = Sessions::new(3);
    let [first, second, third] = [0, 1, 2].map(|second| insert(&map, 0, after(second)));
    insert(&map, 0, after(3));
    assert!(map.get(&first).is_none() && map.get(&second).is_some() && map.get(&third).is_some());
}

#[test]
fn session_in_use_outlives_a_thousand_logins_in_a_full_map() {
    let map = Sessions::new(100);
    let in_use = insert(&map, 0, START);
    for number in 0..1_000 {
        // Ten logins a minute, and a use every minute.
        let now = after(60 + number * 6);
        use_at(&map, &in_use, now);
        insert(&map, 0, now);
    }
    assert!(map.get(&in_use).is_some());
    assert_eq!(map.len(), 100);
}

#[test]
fn new_session_stays_when_all_others_are_in_use() {
    for capacity in [1, 2, MAX_REQUEUED, MAX_REQUEUED + 1, 200] {
        let map = Sessions::new(capacity);
        let mut in_use: Vec<_> = (0..capacity).map(|_| insert(&map, 0, START)).collect();
        for number in 1..300 {
            let now = after(number * 60);
            in_use.retain(|id| map.get(id).is_some());
            in_use.iter().for_each(|id| use_at(&map, id, now));
            let new = insert(&map, 0, now);
            assert!(map.get(&new).is_some(), "login {number} of {capacity}");
            in_use.push(new);
        }
        assert_eq!(map.len(), capacity);
    }
}

#[test]
fn insertion_moves_64_sessions_in_use_at_most() {
    let map = Sessions::new(MAX_REQUEUED + 2);
    let ids: Vec<_> = (0..MAX_REQUEUED + 2)
        .map(|_| insert(&map, 0, START))
        .collect();
    ids.iter().for_each(|id| use_at(&map, id, after(60)));
    insert(&map, 0, after(60));
    let evicted: Vec<_> = (0..ids.len())
        .filter(|index| map.get(&ids[*index]).is_none())
        .collect();
    assert_eq!(evicted, [MAX_REQUEUED]);
}

#[test]
fn sessions_are_evicted_in_the_same_order_after_a_compaction() {
    let map = Sessions::new(3);
    let [first, second, third] = [0, 1, 2].map(|second| insert(&map, 0, after(second)));
    map.compact();
    insert(&map, 0, after(3));
    assert_eq!(map.len(), 3);
    assert!(map.get(&first).is_none() && map.get(&second).is_some() && map.get(&third).is_some());
}

#[test]
fn queue_entries_of_removed_sessions_do_not_pile_up() {
    let map = Sessions::new(1_000);
    let live = 100;
    for _ in 0..live {
        insert(&map, 0, START);
    }
    for _ in 0..20_000 {
        let id = insert(&map, 0, START);
        map.remove(&id);
        // Entries of removed sessions are freed in batches.
        assert!(map.queue_len() <= 2 * (live + 1) + MAX_REQUEUED);
    }
    assert_eq!(map.len(), live);
}

#[test]
fn replaced_session_is_evicted_by_its_last_insertion() {
    let map = Sessions::new(2);
    let id = SessionId::random().unwrap();
    let session = || Arc::new(Session::new(id, 0, SessionTimeouts::default(), START));
    for _ in 0..10 {
        map.insert(session(), (), |_| ());
    }
    assert_eq!(map.len(), 1);
    let other = insert(&map, 0, START);
    assert!(map.get(&id).is_some() && map.get(&other).is_some());
    insert(&map, 0, START);
    assert!(
        map.get(&id).is_none() && map.get(&other).is_some(),
        "the older one is evicted"
    );
}

#[test]
fn remove_where_removes_the_matching_sessions_only() {
    let map = Sessions::new(100);
    let ids: Vec<_> = (0..10).map(|person| insert(&map, person, START)).collect();
    map.remove_where(|session| *session.identity() >= 5);
    let left: Vec<_> = ids.iter().map(|id| map.get(id).is_some()).collect();
    assert_eq!(left, [[true; 5], [false; 5]].concat());
    map.clear();
    assert_eq!((map.len(), map.queue_len()), (0, 0));
}

#[test]
fn concurrent_readers_always_find_their_session() {
    let map = Sessions::new(2_000);
    let mine: Vec<_> = (0..500)
        .map(|person| (person, insert(&map, person, START)))
        .collect();
    let (done, barrier) = (AtomicBool::new(false), Barrier::new(3));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                barrier.wait();
                while !done.load(Ordering::Relaxed) {
                    for (person, id) in &mine {
                        assert_eq!(
                            map.get(id).map(|session| *session.identity()),
                            Some(*person)
                        );
                    }
                }
            });
        }
        barrier.wait();
        // Never full, but growing, shrinking and swept.
        for round in 0..40 {
            let others: Vec<_> = (0..1_000).map(|_| insert(&map, u32::MAX, START)).collect();
            if round % 2 == 0 {
                others.iter().for_each(|id| map.remove(id));
            } else {
                map.remove_where(|session| *session.identity() == u32::MAX);
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(map.len(), mine.len());
}

#[test]
fn removed_session_is_absent_during_concurrent_insertions() {
    let map = Sessions::new(1_000);
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            (0..5_000).for_each(|_| _ = insert(&map, 0, START));
        });
        barrier.wait();
        for _ in 0..5_000 {
            let id = insert(&map, 1, START);
            map.remove(&id);
            assert!(map.get(&id).is_none());
        }
    });
    assert!(map.len() <= 1_000);
}

#[test]
fn removed_identities_are_dropped() {
    let dropped = Arc::new(());
    let map = SessionMap::<SessionId, Arc<()>>::new(10);
    for _ in 0..1_000 {
        let id = SessionId::random().unwrap();
        let session = Session::new(id, Arc::clone(&dropped), SessionTimeouts::default(), START);
        map.insert(Arc::new(session), (), |_| ());
    }
    // 10 are kept; the others are freed in batches.
    assert!(
        Arc::strong_count(&dropped) < 200,
        "{}",
        Arc::strong_count(&dropped)
    );
    drop(map);
    assert_eq!(Arc::strong_count(&dropped), 1);
}

#[test]
fn debug_shows_no_id() {
    let map = Sessions::new(10);
    insert(&map, 0, START);
    assert_eq!(
        format!("{map:?}"),
        "SessionMap { sessions: 1, capacity: 10 }"
    );
}
