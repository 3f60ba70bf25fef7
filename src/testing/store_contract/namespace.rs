//! Rules for several logins over one store.

use super::fixture::{
    assert_inserted, find_in, namespace, remove, remove_all, remove_subject, session, stamp,
    start_in,
};
use crate::identity::Identity;
use crate::store::{Inserted, Previous, SessionStore};

/// A session is found and removed in its own namespace only, and a revocation covers one namespace.
pub async fn namespaces_are_isolated<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let (one, other) = (
        start_in(store, namespace(1), identity(1)).await,
        start_in(store, namespace(2), identity(1)).await,
    );
    let is_there = async |number: u32, id| find_in(store, &namespace(number), id).await.is_some();
    // Twice: a local cache may have it the second time.
    for _ in 0..2 {
        assert!(is_there(1, &one).await && is_there(2, &other).await);
        assert!(!is_there(2, &one).await && !is_there(1, &other).await && !is_there(3, &one).await);
    }
    assert!(!remove(store, namespace(2), &one).await);
    remove_subject(store, namespace(3), &identity(1)).await;
    remove_all(store, namespace(3)).await;
    assert!(is_there(1, &one).await && is_there(2, &other).await);
    let since = store.stamp(&namespace(2)).await.expect("a stamp");
    let inserted = store
        .insert(
            session(namespace(2), identity(2)),
            Some(Previous::Replaced(&one)),
            since,
        )
        .await;
    assert_eq!(inserted.expect("an insertion"), Inserted::Kept);
    assert!(
        is_there(1, &one).await,
        "the previous session belongs to another login"
    );
    remove_subject(store, namespace(1), &identity(1)).await;
    assert!(!is_there(1, &one).await && is_there(2, &other).await);
    let one = start_in(store, namespace(1), identity(1)).await;
    remove_all(store, namespace(2)).await;
    assert!(is_there(1, &one).await && !is_there(2, &other).await);
}

/// A revocation leaves the pending logins of other namespaces alone.
pub async fn revocation_leaves_pending_logins_of_other_namespaces_alone<
    I: Identity,
    St: SessionStore<I>,
>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let since = stamp(store).await;
    remove_subject(store, namespace(2), &identity(1)).await;
    remove_all(store, namespace(2)).await;
    assert_inserted(Inserted::Kept, store, identity(1), None, since).await;
}
