//! Rules for revocations, and for logins that are pending meanwhile.

use super::fixture::{
    assert_inserted, find, namespace, new_id, remove, remove_all, remove_subject, stamp, start,
};
use crate::identity::Identity;
use crate::store::Inserted::{Kept, Revoked};
use crate::store::Previous::{Concurrent, Replaced};
use crate::store::SessionStore;

/// A removed session is absent, and no other; removing an absent session is no failure.
pub async fn removed_session_is_absent_and_no_other<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let [removed, other] = [
        start(store, identity(1)).await,
        start(store, identity(1)).await,
    ];
    for _ in 0..2 {
        remove(store, namespace(1), &removed).await;
        assert!(find(store, &removed).await.is_none());
    }
    remove(store, namespace(1), &new_id()).await;
    assert!(find(store, &other).await.is_some());
}

/// Of all calls that remove one session, concurrent or later, one returns `true`; a call for a
/// session that is unknown or belongs to another namespace returns `false`.
pub async fn removal_tells_whether_there_was_a_session<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let [one, other] = [
        start(store, identity(1)).await,
        start(store, identity(1)).await,
    ];
    assert!(!remove(store, namespace(1), &new_id()).await, "unknown");
    assert!(
        !remove(store, namespace(2), &one).await,
        "another namespace"
    );
    // Twice: a local cache may have it the second time.
    for _ in 0..2 {
        assert!(find(store, &one).await.is_some());
    }
    assert!(remove(store, namespace(1), &one).await);
    assert!(!remove(store, namespace(1), &one).await, "again");

    let calls: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { remove(&store, namespace(1), &other).await })
        })
        .collect();
    let mut removals = 0;
    for call in calls {
        removals += u32::from(call.await.expect("no call panics"));
    }
    assert_eq!(removals, 1);

    let replaced = start(store, identity(1)).await;
    let since = stamp(store).await;
    assert_inserted(Kept, store, identity(1), Some(Replaced(&replaced)), since).await;
    assert!(!remove(store, namespace(1), &replaced).await, "replaced");
}

/// All sessions of one subject are revoked, those of others are not, and the subject may log in
/// again.
pub async fn sessions_of_one_subject_are_revoked_and_no_other<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let (mut revoked, mut others) = (Vec::new(), Vec::new());
    for _ in 0..25 {
        revoked.push(start(store, identity(1)).await);
        others.push(start(store, identity(2)).await);
    }
    remove_subject(store, namespace(1), &identity(1)).await;
    for id in &revoked {
        assert!(find(store, id).await.is_none());
    }
    for id in &others {
        assert!(find(store, id).await.is_some());
    }
    remove_subject(store, namespace(1), &identity(3)).await;
    let again = start(store, identity(1)).await;
    assert!(find(store, &again).await.is_some());
}

/// All sessions are revoked, and new ones are kept.
pub async fn all_sessions_are_revoked_and_new_ones_stay<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let mut revoked = Vec::new();
    for number in 0..25 {
        revoked.push(start(store, identity(number)).await);
    }
    remove_all(store, namespace(1)).await;
    for id in &revoked {
        assert!(find(store, id).await.is_none());
    }
    let new = start(store, identity(1)).await;
    assert!(find(store, &new).await.is_some());
}

/// A session is not kept if it was revoked after the stamp: with all sessions, with those of its
/// subject, or with the session that it replaces.
pub async fn revocation_covers_a_pending_login<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let previous = start(store, identity(1)).await;
    let since = stamp(store).await;
    remove_subject(store, namespace(1), &identity(1)).await;
    assert_inserted(Revoked, store, identity(1), None, since).await;
    assert_inserted(Kept, store, identity(2), None, since).await;
    assert_inserted(
        Kept,
        store,
        identity(1),
        Some(Replaced(&previous)),
        stamp(store).await,
    )
    .await;

    let since = stamp(store).await;
    remove_all(store, namespace(1)).await;
    assert_inserted(Revoked, store, identity(1), None, since).await;
    assert_inserted(Revoked, store, identity(2), None, since).await;
    assert_inserted(Kept, store, identity(1), None, stamp(store).await).await;

    let [previous, other] = [
        start(store, identity(1)).await,
        start(store, identity(1)).await,
    ];
    let since = stamp(store).await;
    remove(store, namespace(1), &previous).await;
    assert_inserted(
        Revoked,
        store,
        identity(1),
        Some(Replaced(&previous)),
        since,
    )
    .await;
    assert_inserted(Kept, store, identity(1), None, since).await;
    assert_inserted(Kept, store, identity(1), Some(Replaced(&other)), since).await;
    assert!(find(store, &other).await.is_none());
}

/// An insertion removes the previous session, also where the new one is not kept. That is no
/// revocation: another login may replace the same session.
pub async fn previous_session_is_always_removed<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let previous = start(store, identity(1)).await;
    assert!(find(store, &previous).await.is_some());
    let [one, two] = [stamp(store).await, stamp(store).await];
    assert_inserted(Kept, store, identity(1), Some(Replaced(&previous)), one).await;
    assert!(find(store, &previous).await.is_none());
    assert_inserted(Kept, store, identity(1), Some(Replaced(&previous)), two).await;

    let previous = start(store, identity(1)).await;
    let since = stamp(store).await;
    remove_subject(store, namespace(1), &identity(2)).await;
    assert_inserted(
        Revoked,
        store,
        identity(2),
        Some(Replaced(&previous)),
        since,
    )
    .await;
    assert!(find(store, &previous).await.is_none());
}

/// A session that another tab has obtained during a login stays if it is of the same subject, and is
/// removed if not. Its revocation covers the new session in either case.
pub async fn concurrent_session_is_removed_only_if_it_is_of_another_subject<
    I: Identity,
    St: SessionStore<I>,
>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let same = start(store, identity(1)).await;
    let since = stamp(store).await;
    assert_inserted(Kept, store, identity(1), Some(Concurrent(&same)), since).await;
    assert!(find(store, &same).await.is_some());
    assert_inserted(Kept, store, identity(2), Some(Concurrent(&same)), since).await;
    assert!(find(store, &same).await.is_none());

    let revoked = start(store, identity(1)).await;
    let since = stamp(store).await;
    remove(store, namespace(1), &revoked).await;
    assert_inserted(
        Revoked,
        store,
        identity(1),
        Some(Concurrent(&revoked)),
        since,
    )
    .await;
}
