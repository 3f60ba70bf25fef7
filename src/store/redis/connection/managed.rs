use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use redis::{RedisError, RedisResult};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::call::Failure;
use super::cause::Cause;
use super::durability;
use super::live::Connection;
use super::outage_log::OutageLog;
use super::rights::Probes;
use super::subscription::Subscription;
use super::topology::Topology;
use super::user::User;
use crate::error::{Error, ErrorKind};
use crate::store::redis::invalidation::NO_SESSION;
use crate::store::redis::keys::Keys;
use crate::store::redis::script;
use crate::trace::{info, warn};

pub(super) const CONSEQUENCE: &str = "requests with a session and logins get 503 until it is back";

/// The one connection that all callers share, and what keeps it open.
pub(in crate::store::redis) struct ManagedConnection {
    topology: Topology,
    pub(super) operation_timeout: Duration,
    pub(super) user: User,
    pub(super) probes: Probes,
    pub(super) outage_log: Mutex<OutageLog>,
    /// Log of rights that were found missing on an open connection.
    pub(super) denial_log: Mutex<OutageLog>,
    /// The error of a call that was denied: the rights have to be checked.
    pub(super) denied: Mutex<Option<Error>>,
    state: ArcSwap<State>,
    /// The next number of a connection or a call.
    next_id: AtomicU64,
    /// Wakes the reconnect task.
    pub(super) lost: Arc<Notify>,
}

pub(super) enum State {
    /// The number identifies the connection, so that a late failure of an old one does not drop its successor.
    Connected(u64, Connection, Arc<str>),
    Disconnected(Error),
}

impl ManagedConnection {
    /// Creates it without a connection.
    pub(in crate::store::redis) fn new(
        topology: Topology,
        operation_timeout: Duration,
        keys: &Keys,
    ) -> Self {
        let state = State::Disconnected(Error::new(ErrorKind::Store, "redis: not connected yet"));
        Self {
            user: topology.user(),
            topology,
            operation_timeout,
            probes: Probes::new(keys),
            outage_log: Mutex::default(),
            denial_log: Mutex::default(),
            denied: Mutex::default(),
            state: ArcSwap::from_pointee(state),
            next_id: AtomicU64::new(0),
            lost: Arc::default(),
        }
    }

    /// Tries to connect once, and inspects the durability of the server.
    pub(in crate::store::redis) async fn connect(&self) -> Result<(), Error> {
        let (connection, server) = self.establish().await?;
        let state = State::Connected(self.next_id(), connection.clone(), Arc::clone(&server));
        self.state.store(Arc::new(state));
        if self.outage_log.lock().end() {
            info!("redis: connected again");
        }
        self.inspect_durability(connection, &server).await;
        Ok(())
    }

    /// Returns a usable connection, and its server: a master, authenticated, with all rights.
    async fn establish(&self) -> Result<(Connection, Arc<str>), Error> {
        let established = timeout(self.connect_timeout(), async {
            let (connection, server) = self
                .topology
                .connect()
                .await
                .map_err(|error| self.failure("redis: no connection", &error))?;
            self.check_rights(connection.clone()).await?;
            let arguments = [self.probes.channel.as_bytes(), NO_SESSION];
            let keys = [self.probes.key.as_str()];
            self.send(connection.clone(), &script::HANDSHAKE, &keys, &arguments)
                .await
                .map_err(Failure::into_error)?;
            Ok((connection, server.into()))
        });
        established
            .await
            .unwrap_or_else(|_elapsed| Err(self.timed_out("redis: no connection in time")))
    }

    pub(super) async fn inspect_durability(&self, mut connection: Connection, server: &str) {
        let inspected = durability::inspect(&mut connection, server);
        // Without a reply in time nothing is known, and nothing is logged.
        let _known = timeout(self.operation_timeout, inspected).await;
    }

    /// Makes a connection that is subscribed to invalidation messages.
    pub(in crate::store::redis) async fn subscribe(&self) -> RedisResult<Subscription> {
        let Probes { channel, key, .. } = &self.probes;
        let subscribed = self
            .topology
            .subscribe(channel, key, self.operation_timeout);
        timeout(self.connect_timeout(), subscribed)
            .await
            .unwrap_or_else(|_| Err((redis::ErrorKind::Io, "no subscription in time").into()))
    }

    /// Returns the reason of a failed subscription, and the ACL rule that allows it if a right is missing.
    pub(in crate::store::redis) fn explain_failed_subscription(
        &self,
        error: &RedisError,
    ) -> (String, Option<String>) {
        let (cause, rule) = (Cause::of(error, &self.user), self.subscription_rule(error));
        (cause.to_string(), rule)
    }

    /// Returns the error with which calls fail while there is no connection.
    pub(in crate::store::redis) fn outage(&self) -> Option<Error> {
        match &**self.state.load() {
            State::Connected(..) => None,
            State::Disconnected(error) => Some(error.clone()),
        }
    }

    /// Returns the connection, its number and its server, or the error while there is none.
    pub(super) fn current(&self) -> Result<(u64, Connection, Arc<str>), Error> {
        match &**self.state.load() {
            State::Connected(number, connection, server) => {
                Ok((*number, connection.clone(), Arc::clone(server)))
            }
            State::Disconnected(error) => Err(error.clone()),
        }
    }

    pub(super) fn set_disconnected(&self, error: Error) {
        self.state.store(Arc::new(State::Disconnected(error)));
    }

    /// Drops the connection of this number, unless another call has dropped it.
    pub(super) fn disconnect(&self, number: u64, error: &Error) {
        let state = self.state.load();
        if !matches!(**state, State::Connected(current, ..) if current == number) {
            return;
        }
        let disconnected = Arc::new(State::Disconnected(error.clone()));
        let previous = self.state.compare_and_swap(&state, disconnected);
        if !Arc::ptr_eq(&previous, &state) {
            return;
        }
        let (reason, remedy) = Cause::parts(error);
        if self.outage_log.lock().is_news(&reason, Instant::now()) {
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

    fn connect_timeout(&self) -> Duration {
        self.topology.connect_timeout(self.operation_timeout)
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

impl fmt::Debug for ManagedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedConnection")
            .field("topology", &self.topology)
            .field("outage", &self.outage())
            .finish_non_exhaustive()
    }
}
