//! What tests of stores begin, look for and wait for.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{fmt, io};

use tower_weika::Error;
use tower_weika::clock::{Clock, Timestamp};
use tower_weika::identity::Manager;
use tower_weika::session::Namespace;
use tower_weika::session::{Session, SessionId, SessionTimeouts};
use tower_weika::store::{
    Inserted, LoadResult, Lookup, RedisBuilder, RedisStore, SessionStore, Stamp,
};

use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};

use crate::redis_server;

/// Within this time an end is seen everywhere.
pub(crate) const EVERYWHERE: Duration = Duration::from_secs(1);

/// For how late a busy machine may look at something that has happened in time.
pub(crate) const SLACK: Duration = Duration::from_millis(250);

/// A name of a site that no other test has.
pub(crate) fn site() -> String {
    static SITES: AtomicU64 = AtomicU64::new(0);

    format!("site-{}", SITES.fetch_add(1, Ordering::Relaxed))
}

/// The same for all who ask as long as somebody has it.
pub(crate) fn shared<T>(place: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    place.upgrade().unwrap_or_else(|| {
        let new = Arc::new(start());
        *place = Arc::downgrade(&new);
        new
    })
}

/// A store of managers.
pub(crate) async fn connect(builder: RedisBuilder) -> RedisStore<Manager> {
    builder.connect().await.expect("a server that runs").store()
}

pub(crate) fn now() -> Timestamp {
    Clock::system().now()
}

pub(crate) fn new_id() -> SessionId {
    SessionId::random().expect("the system has randomness")
}

/// A session of this manager that has just begun.
pub(crate) fn session(subject: &str) -> Session<Manager> {
    Session::new(
        new_id(),
        Manager::new(subject),
        SessionTimeouts::default(),
        now(),
    )
}

/// Begins a session of this manager.
pub(crate) async fn begin(store: &impl SessionStore<Manager>, subject: &str) -> SessionId {
    let session = session(subject);
    let id = *session.id();
    insert(store, session).await.expect("the store answers");
    id
}

/// The namespace of the sessions that these tests begin by hand.
pub(crate) fn namespace() -> Namespace {
    Namespace::default()
}

/// Inserts a session, as a login does that nothing has revoked.
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
        _ => panic!("neither now nor soon"),
    }
}

/// Whom a store finds.
pub(crate) async fn who(
    store: &impl SessionStore<Manager>,
    id: &SessionId,
) -> Result<Option<String>, Error> {
    let found = load(store, id).await?;
    Ok(found.map(|session| {
        assert_eq!(session.id(), id, "a session under the id of another one");
        session.identity().user_id.to_string()
    }))
}

/// Whom a store finds, which must answer.
pub(crate) async fn found(store: &impl SessionStore<Manager>, id: &SessionId) -> Option<String> {
    who(store, id).await.expect("the store answers")
}

/// A store has a copy of its own and need not ask for it.
pub(crate) fn is_cached(store: &impl SessionStore<Manager>, id: &SessionId) -> bool {
    matches!(store.load(&namespace(), id), Lookup::Ready(Ok(Some(_))))
}

/// Looks until a store keeps a copy of this session.
pub(crate) async fn wait_until_cached(store: &impl SessionStore<Manager>, id: &SessionId) {
    until("the session is cached", async || {
        let _loaded = load(store, id).await;
        is_cached(store, id)
    })
    .await;
}

/// Looks until something is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) {
    until_within(redis_server::DEADLINE, what, is_so).await;
}

/// Looks until something is so, and tells how long it took. Fails if it is not so in time.
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

/// How long something takes.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start: Instant = redis_server::now();
    let outcome = future.await;
    (outcome, start.elapsed())
}

/// Everything that an error shows of itself and of what is behind it.
pub(crate) fn shown(error: &(impl StdError + 'static)) -> String {
    let chain = std::iter::successors(Some(error as &(dyn StdError + 'static)), |error| {
        (*error).source()
    });
    chain
        .map(|error| format!("{error} {error:?} {error:#?}\n"))
        .collect()
}

/// The log lines of this thread about the crate, as an operator sees them, for as long as this lives. The tests that
/// use it run on one thread.
pub(crate) struct Log {
    lines: Lines,
    _here: DefaultGuard,
    _elsewhere: Dispatch,
}

impl Log {
    pub(crate) fn capture() -> Self {
        // With a single dispatcher, a call site that another thread reaches first is silenced for all threads.
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

    /// The lines at the usual levels.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text =
            String::from_utf8(self.lines.0.lock().expect("no panic before").clone()).expect("text");
        text.lines()
            .filter(|line| line.contains("tower_weika::"))
            .map(str::to_owned)
            .collect()
    }

    /// How many lines have this text.
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

/// A store, and what has to be there as long as it is.
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
        former: Option<&SessionId>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.store.insert(session, former, since).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<(), Error> {
        self.store.remove(namespace, id).await
    }

    async fn remove_subject(&self, namespace: &Namespace, subject: &str) -> Result<(), Error> {
        self.store.remove_subject(namespace, subject).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        self.store.remove_all(namespace).await
    }
}
