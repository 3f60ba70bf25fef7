//! Events of revocations, over stores that are late, fail or lose a reply.

use std::pin::Pin;

use http::HeaderMap;
use tokio::sync::Barrier;
use tokio::task::yield_now;

use super::observer::{Events, handle_of, post_logout};
use super::*;
use crate::session::{Namespace, Session, SessionDigest, SessionId, SessionInfo};
use crate::store::{Inserted, LoadResult, Lookup, Previous, Stamp};

/// A store whose calls can be set to fail or to wait.
#[derive(Clone, Default)]
pub(super) struct FaultyStore {
    sessions: MemoryStore<Person>,
    is_unreadable: Arc<AtomicBool>,
    /// Whether a removal fails without an effect.
    rejects_removals: Arc<AtomicBool>,
    /// Whether a removal takes effect, and fails.
    pub(super) loses_replies: Arc<AtomicBool>,
    /// All changes take effect, and then wait here.
    replies: Option<Arc<Semaphore>>,
    /// A look-up finds the session, and then waits here.
    all_have_loaded: Arc<Mutex<Option<Arc<Barrier>>>>,
}

impl FaultyStore {
    async fn reply<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Some(replies) = &self.replies {
            replies.acquire().await.expect("never closed").forget();
        }
        outcome
    }

    fn wait_for(&self, loads: usize) {
        *self.all_have_loaded.lock().unwrap() = Some(Arc::new(Barrier::new(loads)));
    }

    fn wait_no_more(&self) {
        *self.all_have_loaded.lock().unwrap() = None;
    }
}

fn failed() -> Error {
    Error::new(ErrorKind::Store, "as planned")
}

impl SessionStore<Person> for FaultyStore {
    type Load = Pin<Box<dyn Future<Output = LoadResult<Person>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<Person, Self::Load> {
        if self.is_unreadable.load(Ordering::Relaxed) {
            return Lookup::Ready(Err(failed()));
        }
        let Lookup::Ready(found) = self.sessions.load(namespace, id) else {
            unreachable!("a store in memory is always ready")
        };
        match self.all_have_loaded.lock().unwrap().clone() {
            None => Lookup::Ready(found),
            Some(barrier) => Lookup::Pending(Box::pin(async move {
                barrier.wait().await;
                found
            })),
        }
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        self.sessions.stamp(namespace).await
    }

    async fn insert(
        &self,
        session: Session<Person>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        let inserted = self.sessions.insert(session, previous, since).await;
        self.reply(inserted).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        if self.rejects_removals.load(Ordering::Relaxed) {
            return Err(failed());
        }
        let removed = self.sessions.remove(namespace, id).await;
        if self.loses_replies.load(Ordering::Relaxed) {
            return Err(failed());
        }
        self.reply(removed).await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        if self.rejects_removals.load(Ordering::Relaxed) {
            return Err(failed());
        }
        let removed = self.sessions.remove_of(namespace, subject, session).await;
        if self.loses_replies.load(Ordering::Relaxed) {
            return Err(failed());
        }
        self.reply(removed).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        let removed = self.sessions.remove_subject(namespace, subject, kept).await;
        self.reply(removed).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        let removed = self.sessions.remove_all(namespace).await;
        self.reply(removed).await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.sessions.sessions_of(namespace, subject).await
    }
}

pub(super) fn observed_over(store: FaultyStore) -> (Site<FaultyStore>, Events) {
    let (origin, events) = (Site::new(), Events::default());
    let builder = LoginLayer::builder_with_store(origin.provider.clone(), store)
        .public_url("https://campus.example")
        .secret([9; 32])
        .clock(origin.clock.clock());
    let site = Site {
        login: events.observe(builder).build().unwrap(),
        provider: origin.provider,
        clock: origin.clock,
    };
    (site, events)
}

/// A site with a session of `wang`, whose event was taken.
async fn logged_in(store: &FaultyStore) -> (Site<FaultyStore>, Events, Jar) {
    let ((site, events), mut jar) = (observed_over(store.clone()), Jar::default());
    site.log_in(&mut jar, "wang").await;
    events.take();
    (site, events, jar)
}

/// Polls a call this many times, drops it while the store is still to reply, and lets the store
/// reply.
async fn hang_up<F: Future<Output: fmt::Debug>>(call: F, polls: usize, replies: &Semaphore) {
    let mut call = task::spawn(call);
    for _ in 0..polls {
        assert_pending!(call.poll());
        yield_now().await;
    }
    drop(call);
    yield_now().await;
    replies.add_permits(1);
    for _ in 0..5 {
        yield_now().await;
    }
    assert_eq!(replies.available_permits(), 0, "the call was completed");
}

#[tokio::test]
async fn event_of_a_call_of_the_application_is_not_lost_when_the_client_disconnects() {
    for polls in 0..3 {
        let replies = Arc::new(Semaphore::new(1));
        let store = FaultyStore {
            replies: Some(Arc::clone(&replies)),
            ..FaultyStore::default()
        };
        let (site, events, jar) = logged_in(&store).await;
        let login = &site.login;

        let wang = handle_of(&site, &jar).await;
        hang_up(login.revoke_session(&wang), polls, &replies).await;
        assert_eq!(events.take(), ["session_revoked wang"], "{polls} polls");
        assert_eq!(site.who(&jar).await, "anonymous");

        let li = Person("li".to_owned());
        let start = login.start_session(li, &HeaderMap::new());
        hang_up(start, polls, &replies).await;
        assert_eq!(events.take(), ["session_started li"], "{polls} polls");

        hang_up(login.revoke_sessions_of("li"), polls, &replies).await;
        assert_eq!(events.take(), ["subject_revoked li"], "{polls} polls");
        assert!(store.sessions.is_empty());

        hang_up(login.revoke_all_sessions(), polls, &replies).await;
        assert_eq!(events.take(), ["all_revoked"], "{polls} polls");
    }
}

#[tokio::test]
async fn logout_whose_reply_is_lost_has_its_event_when_it_is_repeated() {
    let store = FaultyStore::default();
    for failure in [&store.loses_replies, &store.rejects_removals] {
        let (site, events, jar) = logged_in(&store).await;
        failure.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            let response = site.send(post_logout(&jar)).await;
            assert_eq!(response.parts.status, StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!(events.take(), [""; 0], "it may not have taken effect");
        failure.store(false, Ordering::Relaxed);
        for _ in 0..2 {
            assert_eq!(site.send(post_logout(&jar)).await.location(), "/");
        }
        assert_eq!(events.take(), ["logged_out wang"], "once");
    }
}

#[tokio::test]
async fn revocation_whose_reply_is_lost_has_its_event_when_it_is_repeated() {
    let store = FaultyStore::default();
    for failure in [&store.loses_replies, &store.rejects_removals] {
        let (site, events, jar) = logged_in(&store).await;
        let wang = handle_of(&site, &jar).await;
        failure.store(true, Ordering::Relaxed);
        let revoked = site.login.revoke_session(&wang).await;
        assert_eq!(revoked.unwrap_err().kind(), ErrorKind::Store);
        failure.store(false, Ordering::Relaxed);
        assert_eq!(events.take(), [""; 0]);
        for _ in 0..2 {
            site.login.revoke_session(&wang).await.unwrap();
        }
        assert_eq!(events.take(), ["session_revoked wang"], "once");
    }
}

#[tokio::test]
async fn declined_logins_do_not_displace_the_logout_whose_reply_is_lost() {
    let store = FaultyStore::default();
    let (site, events, jar) = logged_in(&store).await;
    store.loses_replies.store(true, Ordering::Relaxed);
    site.send(post_logout(&jar)).await;
    store.loses_replies.store(false, Ordering::Relaxed);
    for _ in 0..1_100 {
        let mut other = Jar::default();
        let state = site.begin(&mut other, "/").await;
        site.callback(&mut other, "", &state).await;
    }
    assert_eq!(events.take().len(), 1_100);
    site.send(post_logout(&jar)).await;
    assert_eq!(events.take(), ["logged_out wang"]);
}

#[tokio::test]
async fn logout_that_cannot_read_the_session_revokes_it_and_names_no_user() {
    let store = FaultyStore::default();
    let (site, events, jar) = logged_in(&store).await;
    store.is_unreadable.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let response = site.send(post_logout(&jar)).await;
        assert_eq!(response.location(), "/");
    }
    assert_eq!(events.take(), ["logged_out"], "once");
    store.is_unreadable.store(false, Ordering::Relaxed);
    assert_eq!(site.who(&jar).await, "anonymous");
}

#[tokio::test]
async fn logout_with_an_invented_session_is_no_event_although_the_store_cannot_read() {
    let store = FaultyStore::default();
    let (site, events) = observed_over(store.clone());
    store.is_unreadable.store(true, Ordering::Relaxed);
    let name = site.login.session_cookie_name();
    for loses_replies in [false, true, false] {
        store.loses_replies.store(loses_replies, Ordering::Relaxed);
        let invented = Jar(vec![(name.to_owned(), "A".repeat(43))]);
        site.send(post_logout(&invented)).await;
    }
    assert_eq!(events.take(), [""; 0]);
}

#[tokio::test]
async fn fifty_concurrent_logouts_of_a_live_session_are_one_event() {
    let store = FaultyStore::default();
    let (site, events, jar) = logged_in(&store).await;
    store.wait_for(50);
    let logouts = (0..50).map(|_| site.send(post_logout(&jar)));
    for response in futures_util::future::join_all(logouts).await {
        assert_eq!(response.location(), "/");
    }
    assert_eq!(events.take(), ["logged_out wang"]);
}

#[tokio::test]
async fn logout_beside_a_revocation_of_the_same_session_is_one_event() {
    let store = FaultyStore::default();
    let (site, events, jar) = logged_in(&store).await;
    let wang = handle_of(&site, &jar).await;
    store.wait_for(2);
    let logout = site.send(post_logout(&jar));
    let (_, revoked) = tokio::join!(logout, site.login.revoke_session(&wang));
    revoked.unwrap();
    let seen = events.take();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].ends_with(" wang"), "{seen:?}");
    store.wait_no_more();
    assert_eq!(site.who(&jar).await, "anonymous");
}

/// The application knows the user, whether or not the store can read the session.
#[tokio::test]
async fn revocation_in_an_outage_has_its_event_when_it_is_repeated() {
    let store = FaultyStore::default();
    let (site, events, jar) = logged_in(&store).await;
    let wang = handle_of(&site, &jar).await;
    for failure in [&store.is_unreadable, &store.loses_replies] {
        failure.store(true, Ordering::Relaxed);
    }
    site.login.revoke_session(&wang).await.unwrap_err();
    assert_eq!(events.take(), [""; 0], "it may not have taken effect");
    for failure in [&store.is_unreadable, &store.loses_replies] {
        failure.store(false, Ordering::Relaxed);
    }
    for _ in 0..2 {
        site.login.revoke_session(&wang).await.unwrap();
    }
    assert_eq!(events.take(), ["session_revoked wang"], "once");
}
