//! Rules for a session and its uses.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use super::fixture::{find, insert, namespace, new_id, now, remove, start};
use crate::identity::Identity;
use crate::session::{Session, SessionTimeouts};
use crate::store::SessionStore;

const PRESENT: &str = "the session is there";

/// A session that the store does not know is absent, which is no failure.
pub async fn unknown_session_is_absent<I: Identity, St: SessionStore<I>>(
    store: &St,
    _: impl Fn(u32) -> I,
) {
    for _ in 0..10 {
        assert!(find(store, &new_id()).await.is_none());
    }
}

/// A session is found with all the values that it was inserted with.
pub async fn session_is_found_with_all_its_parts<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let now = now();
    let (idle, absolute) = (Duration::from_secs(1_234), Duration::from_secs(5_678));
    let expires_at = now.plus(Duration::from_secs(4_321));
    let timeouts = SessionTimeouts::new(idle, absolute);
    let session = Session::new(new_id(), identity(7), timeouts, now);
    let session = session.within(namespace(1)).expiring_by(expires_at);
    let (id, subject) = (*session.id(), session.identity().subject().to_owned());
    insert(store, session).await;
    let found = find(store, &id).await.expect(PRESENT);
    assert_eq!(
        (found.id(), found.identity().subject()),
        (&id, subject.as_str())
    );
    assert_eq!(
        (found.created(), found.last_used()),
        (now, now),
        "created and last used"
    );
    assert_eq!(
        (found.expires_at(), found.idle()),
        (expires_at, idle),
        "expiry and idle timeout"
    );
    assert_eq!(
        (found.namespace(), found.identity().is_complete()),
        (&namespace(1), identity(7).is_complete())
    );
}

/// A use that is recorded after a session was removed does not restore it.
pub async fn late_use_never_restores_a_session<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let id = start(store, identity(1)).await;
    let held = find(store, &id).await.expect(PRESENT);
    remove(store, namespace(1), &id).await;
    held.touch(held.created().plus(Duration::from_secs(120)));
    store.touch(&held);
    // Lets background tasks of the store run.
    for _ in 0..20 {
        assert!(find(store, &id).await.is_none());
        tokio::task::yield_now().await;
    }
}

/// After a use, the session is found with that use, at the latest after some seconds.
pub async fn use_is_recorded<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let id = start(store, identity(1)).await;
    let held = find(store, &id).await.expect(PRESENT);
    let used = held.created().plus(Duration::from_secs(120));
    held.touch(used);
    store.touch(&held);
    for _ in 0..500 {
        let found = find(store, &id).await.expect(PRESENT);
        if found.last_used() == used {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the use was not recorded");
}

/// Concurrent look-ups find the right session each; a clone is the same store.
pub async fn concurrent_look_ups_find_the_right_session<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let mut started = HashMap::new();
    for number in 0..500 {
        let (clone, identity) = (store.clone(), identity(number));
        let subject = identity.subject().to_owned();
        started.insert(start(&clone, identity).await, subject);
    }
    assert_eq!(started.len(), 500, "no id is given twice");
    let look_ups = started.iter().map(|(id, subject)| {
        let (store, id, subject) = (store.clone(), *id, subject.clone());
        tokio::spawn(async move {
            let found = find(&store, &id).await.expect(PRESENT);
            assert_eq!(
                (found.id(), found.identity().subject()),
                (&id, subject.as_str())
            );
        })
    });
    for look_up in look_ups.collect::<Vec<_>>() {
        look_up.await.expect("every session is found");
    }
}

/// The `Debug` output of a store contains no session id.
pub async fn debug_shows_no_session_id<I: Identity, St: SessionStore<I> + Debug>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let id = start(store, identity(1)).await;
    assert!(find(store, &id).await.is_some());
    assert!(!format!("{store:?} {store:#?}").contains(&*id.expose()));
}
