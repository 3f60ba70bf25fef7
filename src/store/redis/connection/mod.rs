//! Connection to Redis: a time limit for every call, a reconnect task, and failure at once while Redis is away.
//!
//! 1. All callers share one connection.
//! 2. A call that shows that the connection is unusable drops it: it broke, no reply came in time, the reply belongs to
//!    another call, or the server is a replica or still loading.
//! 3. The reconnect task makes a new connection. Until then, calls fail at once.
//! 4. The same task sends a heartbeat twice a second, because there may be no calls.

mod address;
mod call;
mod cause;
mod durability;
mod live;
mod managed;
mod outage_log;
mod reconnect;
mod remedies;
mod rights;
mod subscription;
mod topology;
mod user;

pub(super) use self::live::Connection;
pub(super) use self::managed::ManagedConnection;
pub(super) use self::subscription::Subscription;
pub(super) use self::topology::{SentinelCredentials, Topology};
