//! Helpers for tests of stores: create sessions, look them up, wait for conditions.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{fmt, io};

use tower_weika::Error;
use tower_weika::clock::{Clock, Timestamp};
use tower_weika::identity::Manager;
use tower_weika::session::Namespace;
use tower_weika::session::{Session, SessionDigest, SessionId, SessionInfo, SessionTimeouts};
use tower_weika::store::{
    Inserted, LoadResult, Lookup, Previous, RedisBuilder, RedisStore, SessionStore, Stamp,
};

use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};

use crate::redis_server;

/// A revocation is effective at all instances within this time.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(1);

/// Tolerance for a busy machine that checks late.
pub(crate) const SLACK: Duration = Duration::from_millis(250);

/// Returns a key prefix that no other test uses.
pub(crate) fn unique_prefix() -> String {
    static SITES: AtomicU64 = AtomicU64::new(0);

    format!("site-{}", SITES.fetch_add(1, Ordering::Relaxed))
}

/// Returns the shared value of this slot, starting it if no test holds it.
pub(crate) fn shared<T>(slot: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.upgrade().unwrap_or_else(|| {
        let new = Arc::new(start());
        *slot = Arc::downgrade(&new);
        new
    })
}

/// Connects a store of managers.
pub(crate) async fn connect(builder: RedisBuilder) -> RedisStore<Manager> {
    builder.connect().await.expect("a server that runs").store()
}

pub(crate) fn now() -> Timestamp {
    Clock::system().now()
}

pub(crate) fn new_id() -> SessionId {
    SessionId::random().expect("the system has randomness")
}

/// A new session of this manager.
pub(crate) fn session(subject: &str) -> Session<Manager> {
    Session::new(
        new_id(),
        Manager::new(subject),
        SessionTimeouts::default(),
        now(),
    )
}

/// Creates and inserts a session of this manager.
pub(crate) async fn create_session(store: &impl SessionStore<Manager>, subject: &str) -> SessionId {
    let session = session(subject);
    let id = *session.id();
    insert(store, session).await.expect("the store responds");
    id
}

/// The namespace of the sessions that these tests create by hand.
pub(crate) fn namespace() -> Namespace {
    Namespace::default()
}

/// Inserts a session as a login does if nothing was revoked meanwhile.
pub(crate) async fn insert<I>(
    store: &impl SessionStore<I>,
    session: Session<I>,
) -> Result<(), Error> {
    let since = store.stamp(session.namespace()).await?;
    assert_eq!(store.insert(session, None, since).await?, Inserted::Kept);
    Ok(())
}

pub(crate) async fn load<I, St: SessionStore<I>>(store: &St, id: &SessionId) -> LoadResult<I> {
    match store.load(&namespace(), id) {
        Lookup::Ready(found) => found,
        Lookup::Pending(load) => load.await,
        _ => panic!("neither ready nor pending"),
    }
}

/// Returns the subject that a store finds for this id.
pub(crate) async fn find_subject(
    store: &impl SessionStore<Manager>,
    id: &SessionId,
) -> Result<Option<String>, Error> {
    let found = load(store, id).await?;
    Ok(found.map(|session| {
        assert_eq!(
            session.id(),
            id,
            "the session has the id that was looked up"
        );
        session.identity().user_id.to_string()
    }))
}

/// Returns the subject that a store finds; the store must respond.
pub(crate) async fn found(store: &impl SessionStore<Manager>, id: &SessionId) -> Option<String> {
    find_subject(store, id).await.expect("the store responds")
}

/// Whether the store serves the session from its local cache.
pub(crate) fn is_cached(store: &impl SessionStore<Manager>, id: &SessionId) -> bool {
    matches!(store.load(&namespace(), id), Lookup::Ready(Ok(Some(_))))
}

/// Waits until a store has cached this session.
pub(crate) async fn wait_until_cached(store: &impl SessionStore<Manager>, id: &SessionId) {
    until("the session is cached", async || {
        let _loaded = load(store, id).await;
        is_cached(store, id)
    })
    .await;
}

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) {
    until_within(redis_server::DEADLINE, what, is_so).await;
}

/// Waits until a condition holds, and returns how long it took. Fails if it does not hold in time.
pub(crate) async fn until_within(
    deadline: Duration,
    what: &str,
    mut is_so: impl AsyncFnMut() -> bool,
) -> Duration {
    let start = redis_server::now();
    while !is_so().await {
        assert!(
            start.elapsed() < deadline,
            "waited for {deadline:?} until {what}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    start.elapsed()
}

/// Measures how long a future takes.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start: Instant = redis_server::now();
    let outcome = future.await;
    (outcome, start.elapsed())
}

/// Returns everything that an error and its sources display.
pub(crate) fn shown(error: &(impl StdError + 'static)) -> String {
    let chain = std::iter::successors(Some(error as &(dyn StdError + 'static)), |error| {
        (*error).source()
    });
    chain
        .map(|error| format!("{error} {error:?} {error:#?}\n"))
        .collect()
}

/// Captures the log lines of the crate on this thread, as an operator sees them, until dropped.
/// Tests that use it run on one thread.
pub(crate) struct Log {
    lines: Lines,
    _here: DefaultGuard,
    _elsewhere: Dispatch,
}

impl Log {
    pub(crate) fn capture() -> Self {
        // With a single dispatcher, a call site that another thread reaches first would be disabled
        // for all threads.
        let elsewhere = Dispatch::new(NoSubscriber::new());
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false);
        let here = tracing::subscriber::set_default(
            subscriber.with_writer(move || writer.clone()).finish(),
        );
        Self {
            lines,
            _here: here,
            _elsewhere: elsewhere,
        }
    }

    /// The lines at the default levels.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text =
            String::from_utf8(self.lines.0.lock().expect("no panic before").clone()).expect("text");
        text.lines()
            .filter(|line| line.contains("tower_weika::"))
            .map(str::to_owned)
            .collect()
    }

    /// How many lines contain this text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.lines()
            .iter()
            .filter(|line| line.contains(text))
            .count()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log: {:#?}", self.lines());
        }
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A store, and a value that must live as long as the store.
pub(crate) struct With<St, T> {
    store: St,
    kept: Arc<T>,
}

impl<St, T> With<St, T> {
    pub(crate) fn new(store: St, kept: Arc<T>) -> Self {
        Self { store, kept }
    }
}

impl<St: Clone, T> Clone for With<St, T> {
    fn clone(&self) -> Self {
        Self::new(self.store.clone(), Arc::clone(&self.kept))
    }
}

impl<St: fmt::Debug, T> fmt::Debug for With<St, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl<I, St: SessionStore<I>, T: Send + Sync + 'static> SessionStore<I> for With<St, T>
where
    I: Send + Sync + 'static,
{
    type Load = St::Load;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, St::Load> {
        self.store.load(namespace, id)
    }

    fn touch(&self, session: &Arc<Session<I>>) {
        self.store.touch(session);
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        self.store.stamp(namespace).await
    }

    async fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.store.insert(session, previous, since).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        self.store.remove(namespace, id).await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.store.remove_of(namespace, subject, session).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.store.remove_subject(namespace, subject, kept).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        self.store.remove_all(namespace).await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.store.sessions_of(namespace, subject).await
    }
}
