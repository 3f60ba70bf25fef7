//! The connection to Redis: a budget for every call, and a breaker while Redis is away.
//!
//! There is one connection, which all callers use at once. When a call shows that it is of no use any more (it broke,
//! nothing came back in time, a reply was somebody else's, the server is no master or still loading), it is dropped,
//! and the task that keeps the link makes a new one. Until it has, calls fail at once. The same task asks something
//! twice a second, for the case that nobody else does.

mod source;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::{RedisError, RedisResult, ServerErrorKind, Value};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::timeout;

pub(super) use self::source::{Connection, Credentials, Listening, Source};
use super::names::Names;
use super::script::{self, Script};
use crate::error::{Error, ErrorKind};
use crate::meter;
use crate::trace::{info, warn};

/// Between two attempts to connect.
const REST: Duration = Duration::from_millis(250);
/// Between two looks whether the connection still works.
const BEAT_INTERVAL: Duration = Duration::from_millis(500);

/// An announcement about a realm that nobody has.
const NOBODY: &[u8] = b"- all";

/// The way to Redis.
pub(super) struct Link {
    source: Source,
    budget: Duration,
    /// A key that is never there. Beats try to take something away from it, which only a master allows.
    probe: String,
    /// Where ends are announced.
    channel: String,
    state: ArcSwap<State>,
    tags: AtomicU64,
    /// Wakes the one who keeps the link.
    lost: Arc<Notify>,
}

enum State {
    /// The number tells connections apart, so that a late failure of an old one does not drop its successor.
    Up(u64, Connection),
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
        let state = State::Down(failure("redis: not connected yet"));
        Self {
            source,
            budget,
            probe: names.probe(),
            channel: names.channel(),
            state: ArcSwap::from_pointee(state),
            tags: AtomicU64::new(0),
            lost: Arc::default(),
        }
    }

    /// Tries to connect once.
    pub(super) async fn connect(&self) -> Result<(), Error> {
        let connection = self.dial().await?;
        let number = self.next_tag();
        self.state.store(Arc::new(State::Up(number, connection)));
        Ok(())
    }

    /// Keeps the link in the background until nobody has it any more: connects while it is down, and while it is up,
    /// looks whether it still is. Nobody may call for a long time, or those who call may not wait for the answer.
    pub(super) fn keep(self: &Arc<Self>) {
        let (link, lost) = (Arc::downgrade(self), Arc::clone(&self.lost));
        drop(Handle::current().spawn(async move {
            while let Some(link) = link.upgrade() {
                let rest = if link.outage().is_none() {
                    // What comes of it is in the state.
                    let _known = link.call(&script::BEAT, &[&link.probe], &[]).await;
                    BEAT_INTERVAL
                } else {
                    match link.connect().await {
                        Ok(()) => info!("redis can be reached again"),
                        Err(error) => link.state.store(Arc::new(State::Down(error))),
                    }
                    REST
                };
                drop(link);
                // Whoever loses the connection does not have to wait for the next look.
                let _woken = timeout(rest, lost.notified()).await;
            }
        }));
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
            State::Up(number, connection) => (*number, connection.clone()),
            State::Down(error) => return Err(error.clone()),
        };
        match self.ask(connection, script, keys, arguments).await {
            Ok(values) => Ok(values),
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Broken(error)) => {
                self.drop_connection(number, &error);
                Err(error)
            }
        }
    }

    /// Whether whoever is at the other end of a connection can be written to at this very moment.
    pub(super) async fn beats(&self, connection: Connection) -> bool {
        self.ask(connection, &script::BEAT, &[&self.probe], &[]).await.is_ok()
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
            Ok(Ok(Value::Array(mut values))) if values.first().is_some_and(|first| is(first, &tag)) => {
                values.remove(0);
                Ok(values)
            }
            Ok(Ok(_)) => {
                meter::foreign_reply();
                Err(Failure::Broken(failure("redis: the reply belongs to another request")))
            }
            Ok(Err(error)) => Err(Failure::of(error)),
            Err(elapsed) => Err(Failure::Broken(failure("redis: no answer in time").with_source(elapsed))),
        }
    }

    /// A connection that hears what ends.
    pub(super) async fn listen(&self) -> RedisResult<Listening> {
        let listening =
            timeout(self.source.patience(self.budget), self.source.listen(&self.channel, &self.probe, self.budget));
        listening.await.unwrap_or_else(|_| Err((redis::ErrorKind::Io, "no subscription in time").into()))
    }

    /// Gives the connection up, unless somebody has already.
    fn drop_connection(self: &Arc<Self>, number: u64, error: &Error) {
        let state = self.state.load();
        if !matches!(**state, State::Up(current, _) if current == number) {
            return;
        }
        let former = self.state.compare_and_swap(&state, Arc::new(State::Down(error.clone())));
        if Arc::ptr_eq(&former, &state) {
            warn!(error = %error.report(), "redis cannot be reached");
            self.lost.notify_one();
        }
    }

    /// A connection that works: to a master, past its password, with the rights that are needed.
    async fn dial(&self) -> Result<Connection, Error> {
        let dialled = timeout(self.source.patience(self.budget), async {
            let connection =
                self.source.dial().await.map_err(|error| failure("redis: no connection").with_source(error))?;
            let hello = [self.channel.as_bytes(), NOBODY];
            match self.ask(connection.clone(), &script::HELLO, &[&self.probe], &hello).await {
                Ok(_) => Ok(connection),
                Err(Failure::Refused(error) | Failure::Broken(error)) => Err(error),
            }
        });
        match dialled.await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(failure("redis: no connection in time").with_source(elapsed)),
        }
    }

    fn next_tag(&self) -> u64 {
        self.tags.fetch_add(1, Ordering::Relaxed)
    }
}

impl Failure {
    fn of(error: RedisError) -> Self {
        let is_fatal = is_fatal(&error);
        let error = failure("redis: the call failed").with_source(error);
        if is_fatal { Self::Broken(error) } else { Self::Refused(error) }
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

fn failure(context: &'static str) -> Error {
    Error::new(ErrorKind::Store, context)
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("source", &self.source).field("outage", &self.outage()).finish_non_exhaustive()
    }
}
