//! What every [`SessionStore`] must do, as tests to run against one.
//!
//! A function for each rule; [`store_contract!`](crate::store_contract) makes a test of each of them:
//!
//! ```
//! #[cfg(test)]
//! mod tests {
//!     use tower_weika::identity::Manager;
//!     use tower_weika::store::MemoryStore;
//!
//!     tower_weika::store_contract! {
//!         async { MemoryStore::<Manager>::new() },
//!         |number| Manager::new(format!("o{number}")),
//!     }
//! }
//! ```
//!
//! The first argument makes a store, the second one a person, another one for each number. Sessions begin at the
//! system's time, so that a store with a time to live of its own keeps them. All of them panic where the store does
//! not do what it must.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use super::{Inserted, LoadResult, Lookup, Namespace, SessionStore, Stamp};
use crate::clock::{Clock, Timestamp};
use crate::error::Error;
use crate::identity::Identity;
use crate::session::{Session, SessionId, SessionTimeouts};

/// What is not known is absent, and no failure.
pub async fn unknown_session_is_absent<I: Identity, St: SessionStore<I>>(
    store: &St,
    _: impl Fn(u32) -> I,
) {
    for _ in 0..10 {
        assert!(find(store, &new_id()).await.is_none());
    }
}

/// A session is found with everything that it was kept with.
pub async fn session_is_found_with_all_its_parts<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let now = now();
    let (idle, absolute) = (Duration::from_secs(1_234), Duration::from_secs(5_678));
    let end = now.plus(Duration::from_secs(4_321));
    let session = Session::new(
        new_id(),
        person(7),
        SessionTimeouts::new(idle, absolute),
        now,
    );
    let session = session.within(login(1)).expiring_by(end);
    let (id, subject) = (*session.id(), session.identity().subject().to_owned());
    keep(store, session).await;
    let found = find(store, &id).await.expect("the session is there");
    assert_eq!(
        (found.id(), found.identity().subject()),
        (&id, subject.as_str())
    );
    assert_eq!(
        (
            found.created(),
            found.last_used(),
            found.expires_at(),
            found.idle()
        ),
        (now, now, end, idle)
    );
    assert_eq!(
        (found.namespace(), found.identity().is_complete()),
        (&login(1), person(7).is_complete())
    );
}

/// A removed session is gone, the others are not; removing what is not there is no failure.
pub async fn removed_session_is_gone_and_no_other<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let [one, two] = [begin(store, person(1)).await, begin(store, person(1)).await];
    for _ in 0..2 {
        done(store.remove(&login(1), &one).await);
        assert!(find(store, &one).await.is_none());
    }
    done(store.remove(&login(1), &new_id()).await);
    assert!(find(store, &two).await.is_some());
}

/// A use that is recorded after the end of a session does not bring it back.
pub async fn late_use_never_brings_a_session_back<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let id = begin(store, person(1)).await;
    let held = find(store, &id).await.expect("the session is there");
    done(store.remove(&login(1), &id).await);
    held.touch(held.created().plus(Duration::from_secs(120)));
    store.touched(&held);
    // What a store does in the background has its chance.
    for _ in 0..20 {
        assert!(find(store, &id).await.is_none());
        tokio::task::yield_now().await;
    }
}

/// A use is there when the session is found again, at the latest after some seconds.
pub async fn use_is_recorded_for_whoever_asks_next<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let id = begin(store, person(1)).await;
    let held = find(store, &id).await.expect("the session is there");
    let used = held.created().plus(Duration::from_secs(120));
    held.touch(used);
    store.touched(&held);
    for _ in 0..500 {
        if find(store, &id)
            .await
            .expect("the session is there")
            .last_used()
            == used
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody has recorded the use");
}

/// All sessions of one person end, those of others do not, and the person may begin another one.
pub async fn sessions_of_one_person_end_and_no_other<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let mut ended = Vec::new();
    let mut left = Vec::new();
    for _ in 0..25 {
        ended.push(begin(store, person(1)).await);
        left.push(begin(store, person(2)).await);
    }
    done(store.remove_subject(&login(1), person(1).subject()).await);
    for id in &ended {
        assert!(find(store, id).await.is_none());
    }
    for id in &left {
        assert!(find(store, id).await.is_some());
    }
    done(store.remove_subject(&login(1), person(3).subject()).await);
    let again = begin(store, person(1)).await;
    assert!(find(store, &again).await.is_some());
}

/// All sessions end, and new ones may begin.
pub async fn all_sessions_end_and_new_ones_begin<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let mut ended = Vec::new();
    for number in 0..25 {
        ended.push(begin(store, person(number)).await);
    }
    done(store.remove_all(&login(1)).await);
    for id in &ended {
        assert!(find(store, id).await.is_none());
    }
    let new = begin(store, person(1)).await;
    assert!(find(store, &new).await.is_some());
}

/// However many come at once, everybody finds their own session; clones are the same store.
pub async fn everybody_finds_their_own_session<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let mut begun = HashMap::new();
    for number in 0..500 {
        let (clone, somebody) = (store.clone(), person(number));
        let subject = somebody.subject().to_owned();
        begun.insert(begin(&clone, somebody).await, subject);
    }
    assert_eq!(begun.len(), 500, "no id is given twice");
    let searches = begun.iter().map(|(id, subject)| {
        let (store, id, subject) = (store.clone(), *id, subject.clone());
        tokio::spawn(async move {
            let found = find(&store, &id).await.expect("the session is there");
            assert_eq!(
                (found.id(), found.identity().subject()),
                (&id, subject.as_str())
            );
        })
    });
    for search in searches.collect::<Vec<_>>() {
        search.await.expect("everybody is found");
    }
}

/// A session is found and removed in its own namespace only, and a revocation covers one namespace.
pub async fn namespaces_are_apart<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let (one, other) = (
        begin_in(store, login(1), person(1)).await,
        begin_in(store, login(2), person(1)).await,
    );
    let is_there = async |namespace: u32, id| look(store, &login(namespace), id).await.is_some();
    // Twice: a local cache may have it the second time.
    for _ in 0..2 {
        assert!(is_there(1, &one).await && is_there(2, &other).await);
        assert!(!is_there(2, &one).await && !is_there(1, &other).await && !is_there(3, &one).await);
    }
    done(store.remove(&login(2), &one).await);
    done(store.remove_subject(&login(3), person(1).subject()).await);
    done(store.remove_all(&login(3)).await);
    assert!(is_there(1, &one).await && is_there(2, &other).await);
    let since = store.stamp(&login(2)).await.expect("the store answers");
    let session =
        Session::new(new_id(), person(2), SessionTimeouts::default(), now()).within(login(2));
    assert_eq!(
        store
            .insert(session, Some(&one), since)
            .await
            .expect("the store answers"),
        Inserted::Kept
    );
    assert!(
        is_there(1, &one).await,
        "the former session of another login"
    );
    done(store.remove_subject(&login(1), person(1).subject()).await);
    assert!(!is_there(1, &one).await && is_there(2, &other).await);
    let one = begin_in(store, login(1), person(1)).await;
    done(store.remove_all(&login(2)).await);
    assert!(is_there(1, &one).await && !is_there(2, &other).await);
}

/// A session that was revoked after the stamp is not kept: one of its subject, all, or the one that it replaces.
pub async fn revocation_covers_a_login_under_way<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let former = begin(store, person(1)).await;
    let since = stamp(store).await;
    done(store.remove_subject(&login(1), person(1).subject()).await);
    assert_revoked(store, person(1), None, since).await;
    assert_kept(store, person(2), None, since).await;
    assert_kept(store, person(1), Some(&former), stamp(store).await).await;

    let since = stamp(store).await;
    done(store.remove_all(&login(1)).await);
    assert_revoked(store, person(1), None, since).await;
    assert_revoked(store, person(2), None, since).await;
    assert_kept(store, person(1), None, stamp(store).await).await;

    let [former, other] = [begin(store, person(1)).await, begin(store, person(1)).await];
    let since = stamp(store).await;
    done(store.remove(&login(1), &former).await);
    assert_revoked(store, person(1), Some(&former), since).await;
    assert_kept(store, person(1), None, since).await;
    assert_kept(store, person(1), Some(&other), since).await;
    assert!(find(store, &other).await.is_none());
}

/// A revocation covers one namespace, of logins under way as well.
pub async fn revocation_leaves_other_logins_under_way_alone<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let since = stamp(store).await;
    done(store.remove_subject(&login(2), person(1).subject()).await);
    done(store.remove_all(&login(2)).await);
    assert_kept(store, person(1), None, since).await;
}

/// The former session is removed by the insertion, which is no revocation: another login may replace it as well. It is
/// removed also where the new one is not kept.
pub async fn former_session_is_replaced_in_any_case<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let former = begin(store, person(1)).await;
    assert!(find(store, &former).await.is_some());
    let [one, two] = [stamp(store).await, stamp(store).await];
    assert_kept(store, person(1), Some(&former), one).await;
    assert!(find(store, &former).await.is_none());
    assert_kept(store, person(1), Some(&former), two).await;

    let former = begin(store, person(1)).await;
    let since = stamp(store).await;
    done(store.remove_subject(&login(1), person(2).subject()).await);
    assert_revoked(store, person(2), Some(&former), since).await;
    assert!(find(store, &former).await.is_none());
}

/// `Debug` shows no session id.
pub async fn debug_shows_no_session_id<I: Identity, St: SessionStore<I> + Debug>(
    store: &St,
    person: impl Fn(u32) -> I,
) {
    let id = begin(store, person(1)).await;
    assert!(find(store, &id).await.is_some());
    assert!(!format!("{store:?} {store:#?}").contains(&*id.expose()));
}

/// Makes a test of each rule of [`store::contract`](crate::store::contract), for `tokio`'s test macro. It takes an
/// expression for a future of a store, and one for a function from a number to a person. An attribute before them goes to
/// each test: `#[ignore = "needs a database"]`.
#[macro_export]
macro_rules! store_contract {
    (@rule [$($attribute:tt)*] $store:expr, $person:expr, $rule:ident) => {
        $($attribute)*
        #[tokio::test]
        async fn $rule() {
            $crate::store::contract::$rule(&$store.await, $person).await;
        }
    };
    (@rules $attributes:tt $store:expr, $person:expr, $($rule:ident)*) => {
        $($crate::store_contract! { @rule $attributes $store, $person, $rule })*
    };
    (@all $attributes:tt $store:expr, $person:expr) => {
        $crate::store_contract! {
            @rules $attributes $store, $person,
            unknown_session_is_absent
            session_is_found_with_all_its_parts
            removed_session_is_gone_and_no_other
            late_use_never_brings_a_session_back
            use_is_recorded_for_whoever_asks_next
            sessions_of_one_person_end_and_no_other
            all_sessions_end_and_new_ones_begin
            everybody_finds_their_own_session
            namespaces_are_apart
            revocation_covers_a_login_under_way
            revocation_leaves_other_logins_under_way_alone
            former_session_is_replaced_in_any_case
            debug_shows_no_session_id
        }
    };
    (#[$attribute:meta] $store:expr, $person:expr $(,)?) => {
        $crate::store_contract! { @all [#[$attribute]] $store, $person }
    };
    ($store:expr, $person:expr $(,)?) => {
        $crate::store_contract! { @all [] $store, $person }
    };
}

/// One of several logins over one store.
fn login(number: u32) -> Namespace {
    Namespace::new(
        "contract",
        &format!("application {number}"),
        "https://campus.example",
    )
}

async fn begin<I: Identity, St: SessionStore<I>>(store: &St, person: I) -> SessionId {
    begin_in(store, login(1), person).await
}

async fn begin_in<I: Identity, St: SessionStore<I>>(
    store: &St,
    namespace: Namespace,
    person: I,
) -> SessionId {
    let session =
        Session::new(new_id(), person, SessionTimeouts::default(), now()).within(namespace);
    let id = *session.id();
    keep(store, session).await;
    id
}

async fn keep<I, St: SessionStore<I>>(store: &St, session: Session<I>) {
    let since = store
        .stamp(session.namespace())
        .await
        .expect("the store answers");
    let inserted = store
        .insert(session, None, since)
        .await
        .expect("the store answers");
    assert_eq!(
        inserted,
        Inserted::Kept,
        "it was revoked by an earlier test, or by none at all"
    );
}

async fn stamp<I, St: SessionStore<I>>(store: &St) -> Stamp {
    store.stamp(&login(1)).await.expect("the store answers")
}

async fn assert_kept<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: I,
    former: Option<&SessionId>,
    since: Stamp,
) {
    let session =
        Session::new(new_id(), person, SessionTimeouts::default(), now()).within(login(1));
    let id = *session.id();
    assert_eq!(
        store
            .insert(session, former, since)
            .await
            .expect("the store answers"),
        Inserted::Kept
    );
    assert!(find(store, &id).await.is_some());
}

async fn assert_revoked<I: Identity, St: SessionStore<I>>(
    store: &St,
    person: I,
    former: Option<&SessionId>,
    since: Stamp,
) {
    let session =
        Session::new(new_id(), person, SessionTimeouts::default(), now()).within(login(1));
    let id = *session.id();
    assert_eq!(
        store
            .insert(session, former, since)
            .await
            .expect("the store answers"),
        Inserted::Revoked
    );
    assert!(find(store, &id).await.is_none());
}

async fn find<I, St: SessionStore<I>>(store: &St, id: &SessionId) -> Option<Arc<Session<I>>> {
    look(store, &login(1), id).await
}

async fn look<I, St: SessionStore<I>>(
    store: &St,
    namespace: &Namespace,
    id: &SessionId,
) -> Option<Arc<Session<I>>> {
    let found: LoadResult<I> = match store.load(namespace, id) {
        Lookup::Ready(found) => found,
        Lookup::Pending(load) => load.await,
    };
    found.expect("the store answers")
}

#[track_caller]
fn done(outcome: Result<(), Error>) {
    outcome.expect("the store answers");
}

fn new_id() -> SessionId {
    SessionId::random().expect("the system has randomness")
}

fn now() -> Timestamp {
    Clock::system().now()
}
