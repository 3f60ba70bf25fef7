//! Rules for the list of a subject's sessions, and for revocations from it.

use std::collections::HashSet;
use std::time::Duration;

use super::fixture::{
    assert_inserted, find, insert, list, namespace, new_id, now, remove, remove_all, remove_of,
    remove_others, remove_subject, session, stamp, start, start_in,
};
use crate::identity::Identity;
use crate::request::{Browser, Device, OperatingSystem};
use crate::session::{Session, SessionId, SessionInfo, SessionTimeouts};
use crate::store::Inserted::{Kept, Revoked};
use crate::store::Previous::Replaced;
use crate::store::SessionStore;

fn digests<'a>(ids: impl IntoIterator<Item = &'a SessionId>) -> HashSet<[u8; 32]> {
    ids.into_iter().map(|id| *id.digest().as_bytes()).collect()
}

async fn listed<I: Identity, St: SessionStore<I>>(store: &St, identity: &I) -> HashSet<[u8; 32]> {
    let list = list(store, identity).await;
    let digests: HashSet<_> = list.iter().map(|info| *info.digest().as_bytes()).collect();
    assert_eq!(digests.len(), list.len(), "each session is listed once");
    digests
}

/// The sessions of a subject are listed with the values that they were inserted with, and no others;
/// a removed session is not listed.
pub async fn sessions_of_a_subject_are_listed<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    assert!(list(store, &identity(1)).await.is_empty());
    let now = now();
    let timeouts = SessionTimeouts::new(Duration::from_secs(1_234), Duration::from_secs(5_678));
    let device = Device::new(Browser::Wechat, OperatingSystem::Android);
    let started = Session::new(new_id(), identity(1), timeouts, now)
        .within(namespace(1))
        .expiring_by(now.plus(Duration::from_secs(4_321)))
        .on_device(device);
    let (info, first) = (SessionInfo::of(&started), *started.id());
    insert(store, started).await;
    let found = list(store, &identity(1)).await;
    let [found] = &*found else {
        panic!("one session is listed: {found:?}");
    };
    assert_eq!(
        (found.digest(), found.device(), found.created()),
        (info.digest(), device, now)
    );
    assert_eq!(
        (found.last_used(), found.expires_at()),
        (now, now.plus(Duration::from_secs(4_321)))
    );
    let idle_end = now.plus(Duration::from_secs(1_234));
    assert!(!found.is_live(idle_end) && found.is_live(idle_end.minus(Duration::from_millis(1))));
    assert_eq!(
        find(store, &first).await.map(|session| session.device()),
        Some(device)
    );

    let mut ids = vec![first];
    for _ in 0..20 {
        ids.push(start(store, identity(1)).await);
        start(store, identity(2)).await;
    }
    assert_eq!(listed(store, &identity(1)).await, digests(&ids));
    let removed = ids.pop().expect("there are 21");
    remove(store, namespace(1), &removed).await;
    let replaced = ids.pop().expect("there are 20");
    let new = session(namespace(1), identity(1));
    ids.push(*new.id());
    let since = stamp(store).await;
    let inserted = store.insert(new, Some(Replaced(&replaced)), since).await;
    assert_eq!(inserted.expect("the store must not fail"), Kept);
    assert_eq!(listed(store, &identity(1)).await, digests(&ids));

    remove_subject(store, namespace(1), &identity(1)).await;
    assert!(list(store, &identity(1)).await.is_empty());
    assert_eq!(list(store, &identity(2)).await.len(), 20);
    remove_all(store, namespace(1)).await;
    assert!(list(store, &identity(2)).await.is_empty());
    let again = start(store, identity(2)).await;
    assert_eq!(listed(store, &identity(2)).await, digests([&again]));
}

/// A list has the sessions of one namespace, and so have the revocations from it.
pub async fn list_is_of_one_namespace<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let here = start(store, identity(1)).await;
    let elsewhere = start_in(store, namespace(2), identity(1)).await;
    assert_eq!(listed(store, &identity(1)).await, digests([&here]));
    assert!(!remove_of(store, &identity(1), &elsewhere).await);
    remove_others(store, &identity(1), &here).await;
    let subject = identity(1).subject().to_owned();
    let others = store.sessions_of(&namespace(2), &subject).await;
    let others = others.expect("the store must not fail");
    assert_eq!(
        others.iter().map(|info| *info.digest()).collect::<Vec<_>>(),
        [elsewhere.digest()]
    );
}

/// A session is revoked by its digest and its subject: once, and not by the digest and another
/// subject. A pending login that would replace it is revoked too.
pub async fn session_is_revoked_by_its_digest_and_subject<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let [revoked, other] = [
        start(store, identity(1)).await,
        start(store, identity(1)).await,
    ];
    // Also from a local cache, where there is one.
    for _ in 0..2 {
        assert!(find(store, &revoked).await.is_some());
    }
    assert!(!remove_of(store, &identity(2), &revoked).await);
    assert!(!remove_of(store, &identity(1), &new_id()).await, "unknown");
    assert!(find(store, &revoked).await.is_some());
    let since = stamp(store).await;
    assert!(remove_of(store, &identity(1), &revoked).await);
    assert!(!remove_of(store, &identity(1), &revoked).await, "again");
    assert!(find(store, &revoked).await.is_none());
    assert!(find(store, &other).await.is_some());
    let replaced = Some(Replaced(&revoked));
    assert_inserted(Revoked, store, identity(1), replaced, since).await;
    assert_inserted(Kept, store, identity(1), None, since).await;
}

/// All sessions of a subject but one are revoked, and pending logins of the subject. The session
/// that is kept stays as it is; one that was removed before is not restored.
pub async fn all_sessions_of_a_subject_but_one_are_revoked<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: impl Fn(u32) -> I,
) {
    let (mut others, kept) = (Vec::new(), start(store, identity(1)).await);
    for _ in 0..10 {
        others.push(start(store, identity(1)).await);
    }
    let foreign = start(store, identity(2)).await;
    let before = find(store, &kept).await.expect("the session is there");
    let since = stamp(store).await;
    for _ in 0..2 {
        remove_others(store, &identity(1), &kept).await;
        for id in &others {
            assert!(find(store, id).await.is_none());
        }
        let after = find(store, &kept).await.expect("the session is kept");
        assert_eq!(SessionInfo::of(&*after), SessionInfo::of(&*before));
        assert_eq!(listed(store, &identity(1)).await, digests([&kept]));
        assert!(find(store, &foreign).await.is_some());
    }
    assert_inserted(Revoked, store, identity(1), None, since).await;
    let new = start(store, identity(1)).await;
    remove_others(store, &identity(1), &new).await;
    assert!(find(store, &kept).await.is_none());

    remove(store, namespace(1), &new).await;
    remove_others(store, &identity(1), &new).await;
    assert!(find(store, &new).await.is_none());
    // Nor does the digest of another subject's session keep it, or remove it.
    remove_others(store, &identity(1), &foreign).await;
    assert!(find(store, &foreign).await.is_some());
    remove_subject(store, namespace(1), &identity(2)).await;
    assert!(find(store, &foreign).await.is_none());
}
