//! Rules for revocations, and for logins that are pending meanwhile.

use super::fixture::{
    assert_inserted, find, namespace, new_id, remove, remove_all, remove_subject, stamp, start,
};
use crate::identity::Identity;
use crate::store::Inserted::{Kept, Revoked};
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

/// All sessions of one subject are revoked, those of others are not, and the subject may log in again.
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
pub async fn all_sessions_are_revoked_and_new_ones_are_kept<I: Identity, St: SessionStore<I>>(
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

/// A session is not kept if it was revoked after the stamp: with all sessions, with those of its subject, or with the
/// session that it replaces.
pub async fn revocation_covers_a_pending_login<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let former = start(store, identity(1)).await;
    let since = stamp(store).await;
    remove_subject(store, namespace(1), &identity(1)).await;
    assert_inserted(Revoked, store, identity(1), None, since).await;
    assert_inserted(Kept, store, identity(2), None, since).await;
    assert_inserted(Kept, store, identity(1), Some(&former), stamp(store).await).await;

    let since = stamp(store).await;
    remove_all(store, namespace(1)).await;
    assert_inserted(Revoked, store, identity(1), None, since).await;
    assert_inserted(Revoked, store, identity(2), None, since).await;
    assert_inserted(Kept, store, identity(1), None, stamp(store).await).await;

    let [former, other] = [
        start(store, identity(1)).await,
        start(store, identity(1)).await,
    ];
    let since = stamp(store).await;
    remove(store, namespace(1), &former).await;
    assert_inserted(Revoked, store, identity(1), Some(&former), since).await;
    assert_inserted(Kept, store, identity(1), None, since).await;
    assert_inserted(Kept, store, identity(1), Some(&other), since).await;
    assert!(find(store, &other).await.is_none());
}

/// An insertion removes the former session, also where the new one is not kept. That is no revocation: another login
/// may replace the same session.
pub async fn former_session_is_always_removed<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let former = start(store, identity(1)).await;
    assert!(find(store, &former).await.is_some());
    let [one, two] = [stamp(store).await, stamp(store).await];
    assert_inserted(Kept, store, identity(1), Some(&former), one).await;
    assert!(find(store, &former).await.is_none());
    assert_inserted(Kept, store, identity(1), Some(&former), two).await;

    let former = start(store, identity(1)).await;
    let since = stamp(store).await;
    remove_subject(store, namespace(1), &identity(2)).await;
    assert_inserted(Revoked, store, identity(2), Some(&former), since).await;
    assert!(find(store, &former).await.is_none());
}
