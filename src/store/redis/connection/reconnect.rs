//! Reconnect task.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use super::cause::Cause;
use super::live::Connection;
use super::managed::{CONSEQUENCE, ManagedConnection};
use super::rights;
use crate::error::Error;
use crate::store::redis::script;
use crate::trace::{error, info, warn};

/// The time between two attempts to connect.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(250);
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(500);
/// The time between two checks of a user that lacks rights.
const RIGHTS_INTERVAL: Duration = Duration::from_secs(5);
/// The time between two inspections of the durability of one server.
const INSPECTION_INTERVAL: Duration = Duration::from_secs(300);

impl ManagedConnection {
    /// Starts the task that keeps the connection open until the last handle is dropped: it sends heartbeats while there
    /// is a connection, and connects while there is none.
    pub(in crate::store::redis) fn spawn_reconnect_task(self: &Arc<Self>) {
        let (weak, lost) = (Arc::downgrade(self), Arc::clone(&self.lost));
        drop(Handle::current().spawn(async move {
            let (mut inspected, mut denied) = (Instant::now(), None);
            while let Some(managed) = weak.upgrade() {
                let pause = if let Ok((_, connection, server)) = managed.current() {
                    // A failure is in the state.
                    let keys = [managed.probes.key.as_str()];
                    let _known = managed.call(&script::HEARTBEAT, &keys, &[]).await;
                    managed.recheck_rights(&connection, &mut denied).await;
                    if inspected.elapsed() >= INSPECTION_INTERVAL {
                        inspected = Instant::now();
                        managed.inspect_durability(connection, &server).await;
                    }
                    HEARTBEAT_INTERVAL
                } else {
                    if let Err(error) = managed.connect().await {
                        managed.log_failed_connect(&error);
                        managed.set_disconnected(error);
                    }
                    RECONNECT_INTERVAL
                };
                drop(managed);
                // A call that loses the connection ends the pause.
                let _woken = timeout(pause, lost.notified()).await;
            }
        }));
    }

    /// Logs the reason of a failed connect, unless it was logged.
    pub(in crate::store::redis) fn log_failed_connect(&self, error: &Error) {
        let (reason, remedy) = Cause::parts(error);
        if !self.outage_log.lock().is_news(&reason, Instant::now()) {
            return;
        }
        // Without a remedy, the consequence is logged.
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

    /// Checks the rights after a call was denied, until none is missing. The connection stays: reads may still be
    /// allowed. `last_denied` is when rights were last found missing.
    async fn recheck_rights(&self, connection: &Connection, last_denied: &mut Option<Instant>) {
        let Some(denied) = self.denied.lock().clone() else {
            return;
        };
        if last_denied.is_some_and(|denied| denied.elapsed() < RIGHTS_INTERVAL) {
            return;
        }
        let checked = self.check_rights(connection.clone());
        match timeout(self.operation_timeout, checked).await {
            Ok(Ok(())) => {
                *self.denied.lock() = None;
                if last_denied.take().is_some() {
                    self.denial_log.lock().end();
                    info!("redis: the Redis user has all rights again");
                } else {
                    // A right that is not checked, such as that to the keys of one namespace.
                    self.log_denial(&denied);
                }
            }
            Ok(Err(error)) => {
                *last_denied = Some(Instant::now());
                self.log_denial(&error);
            }
            // The next heartbeat finds the reason.
            Err(_elapsed) => {}
        }
    }

    fn log_denial(&self, error: &Error) {
        let (reason, remedy) = Cause::parts(error);
        if rights::is_denial(&reason) && self.denial_log.lock().is_news(&reason, Instant::now()) {
            let remedy = remedy.map_or_else(|| self.rule_for_all_rights(), str::to_owned);
            error!(
                "redis: calls are denied: {}; logins or logouts fail with 503; {}",
                reason.as_str(),
                remedy
            );
        }
    }
}
