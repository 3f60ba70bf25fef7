use std::sync::Arc;
use std::time::Duration;

use super::{CacheValidity, Invalidate, LocalCache};
use crate::clock::Timestamp;
use crate::identity::Manager;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionTimeouts};

const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

fn after(millis: u64) -> Timestamp {
    START.plus(Duration::from_millis(millis))
}

fn session(subject: &str) -> (SessionDigest, Arc<Session<Manager>>) {
    let id = SessionId::random().unwrap();
    let session = Session::new(id, person(subject), SessionTimeouts::default(), START);
    (id.digest(), Arc::new(session))
}

fn person(subject: &str) -> Manager {
    Manager::new(subject)
}

/// A cache that is valid for an hour.
fn new_cache() -> LocalCache<Manager> {
    let validity = Arc::new(CacheValidity::default());
    validity.extend_to(after(3_600_000));
    LocalCache::new(100, validity)
}

fn insert(cache: &LocalCache<Manager>, subject: &str) -> SessionDigest {
    let (digest, session) = session(subject);
    cache.insert(&session, cache.start_read(START));
    digest
}

fn is_there(cache: &LocalCache<Manager>, digest: &SessionDigest, now: Timestamp) -> bool {
    cache.get(digest, now).is_some()
}

#[test]
fn cached_session_is_served_during_the_validity_window_only() {
    let cache = new_cache();
    cache.validity.extend_to(after(1_000));
    let digest = insert(&cache, "o1");
    assert!(is_there(&cache, &digest, after(999)));
    assert!(
        !is_there(&cache, &digest, after(1_000)),
        "an invalidation may have been missed"
    );
    cache.validity.extend_to(after(2_000));
    assert!(is_there(&cache, &digest, after(1_999)));
    cache.validity.end();
    assert!(!is_there(&cache, &digest, START));
}

#[test]
fn s7_session_that_was_not_confirmed_for_60_s_is_a_miss() {
    let cache = new_cache();
    let digest = insert(&cache, "o1");
    assert!(is_there(&cache, &digest, after(59_999)));
    assert!(!is_there(&cache, &digest, after(60_000)));
    cache.confirm(&digest, cache.start_read(after(50_000)));
    cache.confirm(&digest, cache.start_read(after(10_000)));
    assert!(
        is_there(&cache, &digest, after(109_999)),
        "an older confirmation changes nothing"
    );
    assert!(!is_there(&cache, &digest, after(110_000)));
    cache.touch(&digest, after(60_000), cache.start_read(after(60_000)));
    assert!(
        is_there(&cache, &digest, after(119_999)),
        "a use that was recorded confirms it"
    );
    assert!(!is_there(&cache, &digest, after(120_000)));
}

#[test]
fn s7_refresh_is_due_once_before_a_confirmation_is_too_old() {
    let cache = new_cache();
    let digest = insert(&cache, "o1");
    let is_refresh_due = |now| cache.get(&digest, now).unwrap().is_refresh_due;
    assert!(!is_refresh_due(after(44_999)));
    assert!(is_refresh_due(after(45_000)));
    assert!(
        !is_refresh_due(after(45_000)) && !is_refresh_due(after(59_999)),
        "one request starts the refresh"
    );
    cache.confirm(&digest, cache.start_read(after(45_000)));
    assert!(!is_refresh_due(after(89_999)));
    assert!(is_refresh_due(after(90_000)));
}

#[test]
fn s7_absent_session_is_dropped_and_a_confirmation_does_not_restore_it() {
    let cache = new_cache();
    let [digest, other] = ["o1", "o2"].map(|subject| insert(&cache, subject));
    let read = cache.start_read(START);
    cache.drop_absent(&digest);
    cache.confirm(&digest, read);
    assert!(!is_there(&cache, &digest, START) && is_there(&cache, &other, START));
    let (digest, session) = session("o3");
    cache.insert(&session, read);
    assert!(
        is_there(&cache, &digest, START),
        "unknown ids do not keep others from being cached"
    );
}

#[test]
fn expired_session_is_a_miss() {
    let cache = new_cache();
    let lifetime = SessionTimeouts::new(Duration::from_secs(30), Duration::from_secs(50));
    let session = Session::new(SessionId::random().unwrap(), person("o1"), lifetime, START);
    let digest = session.id().digest();
    cache.insert(&Arc::new(session), cache.start_read(START));
    assert!(is_there(&cache, &digest, after(29_999)));
    assert!(
        !is_there(&cache, &digest, after(30_000)),
        "it may have been used at another instance"
    );
}

#[test]
fn invalidation_wins_over_an_earlier_read_that_returns_later() {
    let invalidations: [fn(&LocalCache<Manager>, &SessionDigest); 3] = [
        |cache, digest| cache.invalidate(digest),
        |cache, _| cache.invalidate_where(&|_, subject| subject == "o1"),
        |cache, _| cache.invalidate_all(),
    ];
    for invalidate in invalidations {
        let cache = new_cache();
        let (digest, session) = session("o1");
        let read = cache.start_read(START);
        invalidate(&cache, &digest);
        cache.insert(&session, read);
        cache.confirm(&digest, read);
        assert!(!is_there(&cache, &digest, START));
        cache.insert(&session, cache.start_read(START));
        assert!(
            is_there(&cache, &digest, START),
            "a read that starts afterwards is cached"
        );
    }
}

#[test]
fn use_of_a_session_reaches_its_cached_instance_and_older_reads_are_not_cached() {
    let cache = new_cache();
    let (digest, session) = session("o1");
    cache.insert(&session, cache.start_read(START));
    let read = cache.start_read(START);
    cache.touch(&digest, after(90_000), read);
    assert_eq!(session.last_used(), after(90_000));
    let other = Arc::new(Session::new(
        *session.id(),
        person("o1"),
        SessionTimeouts::default(),
        START,
    ));
    cache.insert(&other, read);
    let found = cache.get(&digest, START).unwrap().session;
    assert!(
        Arc::ptr_eq(&found, &session),
        "the read is older than the use"
    );
    cache.invalidate(&digest);
    cache.touch(&digest, after(90_000), cache.start_read(START));
    assert!(!is_there(&cache, &digest, START), "a use restores nothing");
}

#[test]
fn invalidations_drop_the_matching_sessions_only() {
    let cache = new_cache();
    let [one, two, other] = ["o1", "o1", "o2"].map(|subject| insert(&cache, subject));
    let is_there = |digest| is_there(&cache, &digest, START);
    cache.invalidate(&one);
    assert_eq!([one, two, other].map(is_there), [false, true, true]);
    cache.invalidate_where(&|namespace, subject| {
        *namespace == Namespace::default() && subject == "o1"
    });
    assert_eq!([one, two, other].map(is_there), [false, false, true]);
    cache.invalidate_all();
    assert_eq!([one, two, other].map(is_there), [false; 3]);
}

#[test]
fn cached_sessions_are_bounded() {
    let cache = new_cache();
    for _ in 0..1_000 {
        insert(&cache, "o1");
    }
    assert_eq!(cache.len(), 100);
}

#[test]
fn distinct_digests_have_distinct_hashes() {
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    let hasher = BuildHasherDefault::<crate::session::IdHasher>::default();
    let hashes = (0..1_000).map(|_| hasher.hash_one(SessionId::random().unwrap().digest()));
    assert_eq!(
        hashes.collect::<HashSet<_>>().len(),
        1_000,
        "equal hashes make a look-up a linear search"
    );
}

#[test]
fn debug_shows_no_digest() {
    let cache = new_cache();
    insert(&cache, "o1");
    assert!(format!("{cache:?}").starts_with("LocalCache { sessions: "));
}
