//! Sessions of the tests, and calls that must succeed.

use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::identity::Identity;
use crate::session::Namespace;
use crate::session::{Session, SessionId, SessionInfo, SessionTimeouts};
use crate::store::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp};

const STORE_FAILED: &str = "the store must not fail";

/// Returns the namespace of one of several logins that use one store.
pub(super) fn namespace(number: u32) -> Namespace {
    Namespace::new(
        "contract",
        &format!("application {number}"),
        "https://campus.example",
    )
}

pub(super) fn new_id() -> SessionId {
    SessionId::random().expect("the system has randomness")
}

pub(super) fn now() -> Timestamp {
    Clock::system().now()
}

pub(super) fn session<I>(namespace: Namespace, identity: I) -> Session<I> {
    Session::new(new_id(), identity, SessionTimeouts::default(), now()).within(namespace)
}

/// Inserts a session in the first namespace.
pub(super) async fn start<I: Identity, St: SessionStore<I>>(store: &St, identity: I) -> SessionId {
    start_in(store, namespace(1), identity).await
}

pub(super) async fn start_in<I: Identity, St: SessionStore<I>>(
    store: &St,
    namespace: Namespace,
    identity: I,
) -> SessionId {
    let session = session(namespace, identity);
    let id = *session.id();
    insert(store, session).await;
    id
}

pub(super) async fn insert<I, St: SessionStore<I>>(store: &St, session: Session<I>) {
    let since = store.stamp(session.namespace()).await.expect(STORE_FAILED);
    let inserted = store.insert(session, None, since).await;
    assert_eq!(
        inserted.expect(STORE_FAILED),
        Inserted::Kept,
        "no revocation after the stamp covers it"
    );
}

pub(super) async fn stamp<I, St: SessionStore<I>>(store: &St) -> Stamp {
    store.stamp(&namespace(1)).await.expect(STORE_FAILED)
}

/// Asserts that a login in the first namespace that was stamped before is kept, or revoked.
pub(super) async fn assert_inserted<I: Identity, St: SessionStore<I>>(
    expected: Inserted,
    store: &St,
    identity: I,
    previous: Option<Previous<'_>>,
    since: Stamp,
) {
    let session = session(namespace(1), identity);
    let id = *session.id();
    let inserted = store.insert(session, previous, since).await;
    assert_eq!(inserted.expect(STORE_FAILED), expected);
    assert_eq!(
        find(store, &id).await.is_some(),
        expected == Inserted::Kept,
        "a session is there if, and only if, it was kept"
    );
}

/// Looks up a session in the first namespace.
pub(super) async fn find<I, St: SessionStore<I>>(
    store: &St,
    id: &SessionId,
) -> Option<Arc<Session<I>>> {
    find_in(store, &namespace(1), id).await
}

pub(super) async fn find_in<I, St: SessionStore<I>>(
    store: &St,
    namespace: &Namespace,
    id: &SessionId,
) -> Option<Arc<Session<I>>> {
    let found: LoadResult<I> = match store.load(namespace, id) {
        Lookup::Ready(found) => found,
        Lookup::Pending(load) => load.await,
    };
    found.expect(STORE_FAILED)
}

/// Removes a session. Returns whether the call removed it.
pub(super) async fn remove<I, St: SessionStore<I>>(
    store: &St,
    namespace: Namespace,
    id: &SessionId,
) -> bool {
    store.remove(&namespace, id).await.expect(STORE_FAILED)
}

pub(super) async fn remove_subject<I: Identity, St: SessionStore<I>>(
    store: &St,
    namespace: Namespace,
    identity: &I,
) {
    let removed = store
        .remove_subject(&namespace, identity.subject(), None)
        .await;
    removed.expect(STORE_FAILED);
}

/// Returns the sessions of an identity in the first namespace.
pub(super) async fn list<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: &I,
) -> Vec<SessionInfo> {
    let listed = store.sessions_of(&namespace(1), identity.subject()).await;
    listed.expect(STORE_FAILED)
}

/// Removes a session of an identity in the first namespace by its digest.
pub(super) async fn remove_of<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: &I,
    id: &SessionId,
) -> bool {
    let (namespace, digest) = (namespace(1), id.digest());
    let removed = store.remove_of(&namespace, identity.subject(), &digest);
    removed.await.expect(STORE_FAILED)
}

/// Removes all sessions of an identity in the first namespace but one.
pub(super) async fn remove_others<I: Identity, St: SessionStore<I>>(
    store: &St,
    identity: &I,
    kept: &SessionId,
) {
    let namespace = namespace(1);
    let removed = store.remove_subject(&namespace, identity.subject(), Some(kept));
    removed.await.expect(STORE_FAILED);
}

pub(super) async fn remove_all<I, St: SessionStore<I>>(store: &St, namespace: Namespace) {
    store.remove_all(&namespace).await.expect(STORE_FAILED);
}
