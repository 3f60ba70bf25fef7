//! Logouts whose client disconnects (rule S4).

use tokio::task::yield_now;

use super::*;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};
use crate::store::{Inserted, LoadResult, Lookup, Previous, Stamp};

/// A store that removes a session after some turns of the runtime, as a store in another process
/// does.
#[derive(Clone)]
struct LateStore(MemoryStore<Person>);

/// Turns of the runtime for one removal.
const TURNS: usize = 3;

impl SessionStore<Person> for LateStore {
    type Load = <MemoryStore<Person> as SessionStore<Person>>::Load;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<Person, Self::Load> {
        self.0.load(namespace, id)
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        self.0.stamp(namespace).await
    }

    async fn insert(
        &self,
        session: Session<Person>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.0.insert(session, previous, since).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        for _ in 0..TURNS {
            yield_now().await;
        }
        self.0.remove(namespace, id).await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.0.remove_of(namespace, subject, session).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.0.remove_subject(namespace, subject, kept).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        self.0.remove_all(namespace).await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.0.sessions_of(namespace, subject).await
    }
}

fn site(store: LateStore) -> Site<LateStore> {
    let Site {
        provider, clock, ..
    } = Site::new();
    let login = LoginLayer::builder_with_store(provider.clone(), store)
        .public_url("https://campus.example");
    let login = login.secret([9; 32]).clock(clock.clock()).build().unwrap();
    Site {
        provider,
        clock,
        login,
    }
}

/// Loads the session of a browser from the store itself.
fn stored(store: &LateStore, jar: &Jar) -> LoadResult<Person> {
    let (_, id) = jar
        .0
        .iter()
        .find(|(name, _)| name.ends_with("-session"))
        .unwrap();
    match store.load(
        &Namespace::new("weika", "test-application", "https://campus.example"),
        &SessionId::parse(id.as_bytes()).unwrap(),
    ) {
        Lookup::Ready(found) => found,
        Lookup::Pending(_) => panic!("a store in memory is always ready"),
    }
}

/// Drops a logout after this many polls; with `take_turns` other tasks run between two polls.
/// Returns whether the response was ready by then.
async fn hang_up_after(polls: usize, take_turns: bool) -> bool {
    let store = LateStore(MemoryStore::new());
    let (site, mut jar) = (site(store.clone()), Jar::default());
    site.log_in(&mut jar, "wang").await;
    assert!(stored(&store, &jar).unwrap().is_some());
    let logout = jar.request(Method::POST, "/auth/weika/logout");
    let mut response = task::spawn(site.app().call(logout));
    let mut is_complete = false;
    for _ in 0..polls {
        is_complete = response.poll().is_ready();
        if is_complete {
            break;
        }
        if take_turns {
            yield_now().await;
        }
    }
    drop(response);
    for _ in 0..2 * TURNS {
        yield_now().await;
    }
    assert!(stored(&store, &jar).unwrap().is_none(), "{polls} polls");
    is_complete
}

#[tokio::test]
async fn s4_logout_revokes_the_session_when_the_client_disconnects_after_any_poll() {
    let mut polls = 0;
    while !hang_up_after(polls, true).await {
        polls += 1;
    }
    assert!(polls > TURNS, "the store was late");
    for polls in 0..3 {
        assert!(!hang_up_after(polls, false).await);
    }
}

#[tokio::test]
async fn s4_rejected_logout_revokes_no_session() {
    let store = LateStore(MemoryStore::new());
    let (site, mut jar) = (site(store.clone()), Jar::default());
    site.log_in(&mut jar, "wang").await;
    let mut logout = jar.request(Method::POST, "/auth/weika/logout");
    logout
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    drop(site.app().call(logout));
    for _ in 0..2 * TURNS {
        yield_now().await;
    }
    assert!(stored(&store, &jar).unwrap().is_some());
}
