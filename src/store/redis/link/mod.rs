//! The connection to Redis: a budget for every call, and a breaker while Redis is away.
//!
//! There is one connection, which all callers use at once. When a call shows that it is of no use any more (it broke,
//! nothing came back in time, a reply was somebody else's, the server is no master or still loading), it is dropped,
//! and the task that keeps the link makes a new one. Until it has, calls fail at once. The same task asks something
//! twice a second, for the case that nobody else does.

mod cause;
mod durability;
mod outage;
mod rights;
mod source;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::{RedisError, RedisResult, ServerErrorKind, Value};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use self::cause::{Cause, Login};
use self::outage::Outage;
use self::rights::Probes;
pub(super) use self::source::{Connection, Credentials, Listening, Source};
use super::names::Names;
use super::script::{self, Script};
use crate::error::{Error, ErrorKind};
use crate::meter;
use crate::trace::{error, info, warn};

/// Between two attempts to connect.
const REST: Duration = Duration::from_millis(250);
/// Between two looks whether the connection still works.
const BEAT_INTERVAL: Duration = Duration::from_millis(500);
/// Between two checks of a user that lacks rights.
const RIGHTS_INTERVAL: Duration = Duration::from_secs(5);
/// Between two looks at eviction and persistence on one connection.
const INSPECTION_INTERVAL: Duration = Duration::from_secs(300);

const CONSEQUENCE: &str = "requests with a session and logins get 503 until it is back";
const NO_ANSWER: &str = "no answer in time";

/// An announcement about a realm that nobody has.
const NOBODY: &[u8] = b"- all";

/// The way to Redis.
pub(super) struct Link {
    source: Source,
    budget: Duration,
    login: Login,
    /// The key among them is never there for long. Beats try to take something away from it, which only a master
    /// allows.
    probes: Probes,
    outage: Mutex<Outage>,
    /// Rights that were found missing on a connection that works otherwise.
    lost_rights: Mutex<Outage>,
    /// The error of a call that was denied: the rights are to be checked.
    denied: Mutex<Option<Error>>,
    state: ArcSwap<State>,
    tags: AtomicU64,
    /// Wakes the one who keeps the link.
    lost: Arc<Notify>,
}

enum State {
    /// The number tells connections apart, so that a late failure of an old one does not drop its successor.
    Up(u64, Connection, Arc<str>),
    Down(Error),
}

/// Why a call came to nothing.
enum Failure {
    /// The answer is no answer to this call. The connection stays.
    Refused(Error),
    /// The connection is of no use any more.
    Broken(Error),
}

impl Link {
    /// A link that is down.
    pub(super) fn new(source: Source, budget: Duration, names: &Names) -> Self {
        let state = State::Down(Error::new(ErrorKind::Store, "redis: not connected yet"));
        let probes = Probes {
            key: names.probe(),
            channel: names.channel(),
            other_keys: vec![names.flow(""), names.token(""), names.lease("")],
            pattern: names.pattern(),
        };
        Self {
            login: source.login(),
            source,
            budget,
            probes,
            outage: Mutex::default(),
            lost_rights: Mutex::default(),
            denied: Mutex::default(),
            state: ArcSwap::from_pointee(state),
            tags: AtomicU64::new(0),
            lost: Arc::default(),
        }
    }

    /// Tries to connect once, and looks how the server keeps its data.
    pub(super) async fn connect(&self) -> Result<(), Error> {
        let (connection, server) = self.dial().await?;
        let number = self.next_tag();
        self.state.store(Arc::new(State::Up(
            number,
            connection.clone(),
            Arc::clone(&server),
        )));
        if locked(&self.outage).is_over() {
            info!("redis: connected again");
        }
        self.inspect(connection, &server).await;
        Ok(())
    }

    /// Keeps the link in the background until nobody has it any more: connects while it is down, and while it is up,
    /// looks whether it still is. Nobody may call for a long time, or those who call may not wait for the answer.
    pub(super) fn keep(self: &Arc<Self>) {
        let (link, lost) = (Arc::downgrade(self), Arc::clone(&self.lost));
        drop(Handle::current().spawn(async move {
            let (mut inspected, mut checked) = (Instant::now(), None);
            while let Some(link) = link.upgrade() {
                let rest = if let Some((connection, server)) = link.current() {
                    // What comes of it is in the state.
                    let _known = link.call(&script::BEAT, &[&link.probes.key], &[]).await;
                    link.recheck_rights(&connection, &mut checked).await;
                    if inspected.elapsed() >= INSPECTION_INTERVAL {
                        inspected = Instant::now();
                        link.inspect(connection, &server).await;
                    }
                    BEAT_INTERVAL
                } else {
                    if let Err(error) = link.connect().await {
                        link.log_failed_connect(&error);
                        link.state.store(Arc::new(State::Down(error)));
                    }
                    REST
                };
                drop(link);
                // Whoever loses the connection does not have to wait for the next look.
                let _woken = timeout(rest, lost.notified()).await;
            }
        }));
    }

    /// Logs why no connection could be made, unless that is known.
    pub(super) fn log_failed_connect(&self, error: &Error) {
        let (reason, remedy) = Cause::parts(error);
        if !locked(&self.outage).is_news(&reason, Instant::now()) {
            return;
        }
        // Without a remedy at hand, the consequence is said.
        let then = remedy.unwrap_or(CONSEQUENCE);
        if rights::is_denial(&reason) {
            error!(
                "redis: cannot connect: {}; {}",
                reason.as_str(),
                then.to_owned()
            );
        } else {
            warn!(
                "redis: cannot connect: {}; {}",
                reason.as_str(),
                then.to_owned()
            );
        }
    }

    /// Checks the rights after a call was denied, until none is missing any more. The connection stays: sessions may
    /// still be read. `checked` is when rights were last missing.
    async fn recheck_rights(&self, connection: &Connection, checked: &mut Option<Instant>) {
        let Some(denied) = locked(&self.denied).clone() else {
            return;
        };
        if checked.is_some_and(|checked| checked.elapsed() < RIGHTS_INTERVAL) {
            return;
        }
        match timeout(self.budget, self.check_rights(connection.clone())).await {
            Ok(Ok(())) => {
                *locked(&self.denied) = None;
                if checked.take().is_some() {
                    locked(&self.lost_rights).is_over();
                    info!("redis: the Redis user has all rights again");
                } else {
                    // A right that the check does not know of, such as that for the keys of one namespace.
                    self.log_denial(&denied);
                }
            }
            Ok(Err(error)) => {
                *checked = Some(Instant::now());
                self.log_denial(&error);
            }
            // The next heartbeat finds the reason.
            Err(_elapsed) => {}
        }
    }

    fn log_denial(&self, error: &Error) {
        let (reason, remedy) = Cause::parts(error);
        if rights::is_denial(&reason) && locked(&self.lost_rights).is_news(&reason, Instant::now())
        {
            let remedy = remedy.map_or_else(|| self.all_rights(), str::to_owned);
            error!(
                "redis: calls are denied: {}; logins or logouts fail with 503; {}",
                reason.as_str(),
                remedy
            );
        }
    }

    async fn inspect(&self, mut connection: Connection, server: &str) {
        // Without an answer in time nothing is known, and nothing is said.
        let _known = timeout(self.budget, durability::inspect(&mut connection, server)).await;
    }

    fn current(&self) -> Option<(Connection, Arc<str>)> {
        match &**self.state.load() {
            State::Up(_, connection, server) => Some((connection.clone(), Arc::clone(server))),
            State::Down(_) => None,
        }
    }

    /// The failure that calls meet while there is no connection.
    pub(super) fn outage(&self) -> Option<Error> {
        match &**self.state.load() {
            State::Up(..) => None,
            State::Down(error) => Some(error.clone()),
        }
    }

    /// Runs a script, and gives what it returned.
    pub(super) async fn call(
        self: &Arc<Self>,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<Vec<Value>, Error> {
        let (number, connection) = match &**self.state.load() {
            State::Up(number, connection, _) => (*number, connection.clone()),
            State::Down(error) => return Err(error.clone()),
        };
        match self.ask(connection, script, keys, arguments).await {
            Ok(values) => Ok(values),
            Err(Failure::Refused(error)) => {
                self.notice_denial(&error);
                Err(error)
            }
            Err(Failure::Broken(error)) => {
                self.drop_connection(number, &error);
                Err(error)
            }
        }
    }

    /// Whether whoever is at the other end of a connection can be written to at this very moment.
    pub(super) async fn beats(&self, connection: Connection) -> bool {
        self.ask(connection, &script::BEAT, &[&self.probes.key], &[])
            .await
            .is_ok()
    }

    async fn ask(
        &self,
        connection: Connection,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<Vec<Value>, Failure> {
        // On a connection that many share replies are told apart by their order alone. A tag shows that the order
        // holds, and that this is the reply to this call.
        let tag = self.next_tag().to_string();
        let called = script.run(connection, keys, &tag, arguments);
        match timeout(self.budget, called).await {
            Ok(Ok(Value::Array(mut values)))
                if values.first().is_some_and(|first| is(first, &tag)) =>
            {
                values.remove(0);
                Ok(values)
            }
            Ok(Ok(_)) => {
                meter::foreign_reply();
                let cause = Cause::new("the reply belongs to another request", None);
                Err(Failure::Broken(
                    Error::new(
                        ErrorKind::Store,
                        "redis: the reply belongs to another request",
                    )
                    .with_source(cause),
                ))
            }
            Ok(Err(error)) => {
                let failed = self.failure("redis: the call failed", &error);
                Err(if is_fatal(&error) {
                    Failure::Broken(failed)
                } else {
                    Failure::Refused(failed)
                })
            }
            Err(_elapsed) => Err(Failure::Broken(self.too_late("redis: no answer in time"))),
        }
    }

    /// A call was denied: the rights are checked in the background, and the denial is logged once.
    fn notice_denial(&self, error: &Error) {
        if !rights::is_denial(&Cause::parts(error).0) {
            return;
        }
        let mut denied = locked(&self.denied);
        if denied.is_none() {
            *denied = Some(error.clone());
            self.lost.notify_one();
        }
    }

    /// A connection that hears what ends.
    pub(super) async fn listen(&self) -> RedisResult<Listening> {
        let listening = timeout(
            self.source.patience(self.budget),
            self.source
                .listen(&self.probes.channel, &self.probes.key, self.budget),
        );
        listening
            .await
            .unwrap_or_else(|_| Err((redis::ErrorKind::Io, "no subscription in time").into()))
    }

    /// Gives the connection up, unless somebody has already.
    fn drop_connection(self: &Arc<Self>, number: u64, error: &Error) {
        let state = self.state.load();
        if !matches!(**state, State::Up(current, ..) if current == number) {
            return;
        }
        let former = self
            .state
            .compare_and_swap(&state, Arc::new(State::Down(error.clone())));
        if Arc::ptr_eq(&former, &state) {
            let (reason, remedy) = Cause::parts(error);
            if locked(&self.outage).is_news(&reason, Instant::now()) {
                let remedy = remedy
                    .map(|remedy| format!("; {remedy}"))
                    .unwrap_or_default();
                warn!(
                    "redis: connection lost: {}; {}{}",
                    reason.as_str(),
                    CONSEQUENCE.to_owned(),
                    remedy.as_str()
                );
            }
            self.lost.notify_one();
        }
    }

    /// A connection that works, and its server: to a master, past its password, with the rights that are needed.
    async fn dial(&self) -> Result<(Connection, Arc<str>), Error> {
        let dialled = timeout(self.source.patience(self.budget), async {
            let dialled = self.source.dial().await;
            let (connection, server) =
                dialled.map_err(|error| self.failure("redis: no connection", &error))?;
            self.check_rights(connection.clone()).await?;
            let hello = [self.probes.channel.as_bytes(), NOBODY];
            match self
                .ask(
                    connection.clone(),
                    &script::HELLO,
                    &[&self.probes.key],
                    &hello,
                )
                .await
            {
                Ok(_) => Ok((connection, server.into())),
                Err(Failure::Refused(error) | Failure::Broken(error)) => Err(error),
            }
        });
        match dialled.await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(self.too_late("redis: no connection in time")),
        }
    }

    /// Why a subscription failed, and the ACL rule that allows it if a right is missing.
    pub(super) fn explain_subscription(&self, error: &RedisError) -> (String, Option<String>) {
        let (cause, rule) = (Cause::of(error, &self.login), self.subscription_rule(error));
        (cause.to_string(), rule)
    }

    fn failure(&self, context: &'static str, error: &RedisError) -> Error {
        Error::new(ErrorKind::Store, context).with_source(Cause::of(error, &self.login))
    }

    fn too_late(&self, context: &'static str) -> Error {
        let remedy = "check that the server runs, its address, and firewalls on the way".to_owned();
        let reason = format!("{NO_ANSWER} ({:?})", self.budget);
        Error::new(ErrorKind::Store, context).with_source(Cause::new(reason, Some(remedy)))
    }

    fn next_tag(&self) -> u64 {
        self.tags.fetch_add(1, Ordering::Relaxed)
    }
}

/// Whether a connection that failed like this is of no use any more.
fn is_fatal(error: &RedisError) -> bool {
    use redis::ErrorKind::{AuthenticationFailed, ClusterConnectionNotFound, Io, Parse, Server};
    match error.kind() {
        Io | Parse | AuthenticationFailed | ClusterConnectionNotFound => true,
        Server(kind) => matches!(
            kind,
            ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
        ),
        _ => error.is_unrecoverable_error(),
    }
}

fn is(value: &Value, tag: &str) -> bool {
    matches!(value, Value::BulkString(bytes) if bytes == tag.as_bytes())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("source", &self.source)
            .field("outage", &self.outage())
            .finish_non_exhaustive()
    }
}
