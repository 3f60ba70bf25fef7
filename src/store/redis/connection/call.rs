//! One call of a script.

use redis::{RedisError, ServerErrorKind, Value};
use tokio::time::timeout;

use super::cause::Cause;
use super::live::Connection;
use super::managed::ManagedConnection;
use super::rights;
use crate::error::{Error, ErrorKind};
use crate::meter;
use crate::store::redis::script::{self, Script};

/// Reason a call failed.
pub(super) enum Failure {
    /// The call failed; the connection stays.
    Call(Error),
    /// The connection is unusable.
    Connection(Error),
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Call(error) | Self::Connection(error) => error,
        }
    }
}

impl ManagedConnection {
    /// Runs a script, and returns its values.
    pub(in crate::store::redis) async fn call(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<Vec<Value>, Error> {
        let (number, connection, _) = self.current()?;
        match self.send(connection, script, keys, arguments).await {
            Ok(values) => Ok(values),
            Err(Failure::Call(error)) => {
                self.notice_denial(&error);
                Err(error)
            }
            Err(Failure::Connection(error)) => {
                self.disconnect(number, &error);
                Err(error)
            }
        }
    }

    /// Sends a heartbeat on a connection. Returns whether its server can be written to now.
    pub(in crate::store::redis) async fn is_alive(&self, connection: Connection) -> bool {
        self.send(connection, &script::HEARTBEAT, &[&self.probes.key], &[])
            .await
            .is_ok()
    }

    pub(super) async fn send(
        &self,
        connection: Connection,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<Vec<Value>, Failure> {
        // Replies on a shared connection are matched to calls by their order alone. The correlation
        // id shows that the order holds, and that this is the reply to this call.
        let id = self.next_id().to_string();
        let called = script.run(connection, keys, &id, arguments);
        match timeout(self.operation_timeout, called).await {
            Ok(Ok(Value::Array(mut values))) if is_correlated(&values, &id) => {
                values.remove(0);
                Ok(values)
            }
            Ok(Ok(_)) => {
                meter::foreign_reply();
                let cause = Cause::new("the reply belongs to another request", None);
                let context = "redis: the reply belongs to another request";
                let error = Error::new(ErrorKind::Store, context).with_source(cause);
                Err(Failure::Connection(error))
            }
            Ok(Err(error)) => {
                let failed = self.failure("redis: the call failed", &error);
                Err(if breaks_connection(&error) {
                    Failure::Connection(failed)
                } else {
                    Failure::Call(failed)
                })
            }
            Err(_elapsed) => {
                let error = self.timed_out("redis: no response in time");
                Err(Failure::Connection(error))
            }
        }
    }

    /// A call was denied: the rights are checked in the background, and the denial is logged once.
    fn notice_denial(&self, error: &Error) {
        if !rights::is_denial(&Cause::parts(error).0) {
            return;
        }
        let mut denied = self.denied.lock();
        if denied.is_none() {
            *denied = Some(error.clone());
            self.lost.notify_one();
        }
    }

    pub(super) fn failure(&self, context: &'static str, error: &RedisError) -> Error {
        Error::new(ErrorKind::Store, context).with_source(Cause::of(error, &self.user))
    }

    pub(super) fn timed_out(&self, context: &'static str) -> Error {
        let remedy = "check that the server runs, its address, and firewalls on the way".to_owned();
        let reason = format!("no response in time ({:?})", self.operation_timeout);
        Error::new(ErrorKind::Store, context).with_source(Cause::new(reason, Some(remedy)))
    }
}

fn is_correlated(values: &[Value], id: &str) -> bool {
    matches!(values, [Value::BulkString(first), ..] if first == id.as_bytes())
}

/// Whether a connection is unusable after this error.
fn breaks_connection(error: &RedisError) -> bool {
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn connection_is_unusable_after_any_error_of_its_socket_and_usable_after_an_error_of_a_call() {
        use redis::ErrorKind;

        // The redis crate would use the connection again after some of these.
        for kind in [
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::InvalidData,
            io::ErrorKind::PermissionDenied,
        ] {
            assert!(breaks_connection(&io::Error::from(kind).into()), "{kind}");
        }
        let error = |kind| RedisError::from((kind, "an error"));
        assert!(breaks_connection(&error(ErrorKind::Parse)));
        for kind in [ServerErrorKind::BusyLoading, ServerErrorKind::ReadOnly] {
            assert!(
                breaks_connection(&error(ErrorKind::Server(kind))),
                "{kind:?}"
            );
        }
        for kind in [ServerErrorKind::NoScript, ServerErrorKind::NoPerm] {
            assert!(
                !breaks_connection(&error(ErrorKind::Server(kind))),
                "{kind:?}"
            );
        }
    }
}
