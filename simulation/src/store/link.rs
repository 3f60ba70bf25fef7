//! Connection of an instance to the server.

use std::fmt;
use std::future::pending;
use std::sync::Arc;

use tokio::time::{Duration, timeout};
use tower_weika::clock::Clock;
use tower_weika::{Error, ErrorKind};

use super::server::Server;
use crate::incarnation::Incarnation;
use crate::network::Link;
use crate::world::World;

/// The longest time that a call takes.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct StoreLink {
    pub(crate) world: Arc<World>,
    pub(crate) incarnation: Incarnation,
    pub(crate) clock: Clock,
}

impl StoreLink {
    /// Sends a command and waits for the reply.
    pub(super) async fn call<T>(&self, command: impl FnOnce(&mut Server) -> T) -> Result<T, Error> {
        let reply = timeout(OPERATION_TIMEOUT, self.attempt(command)).await;
        if !self.incarnation.is_alive() {
            return pending().await;
        }
        reply.unwrap_or_else(|_| Err(failed("the store does not respond in time")))
    }

    async fn attempt<T>(&self, command: impl FnOnce(&mut Server) -> T) -> Result<T, Error> {
        self.travel().await?;
        let reply = {
            let mut server = self.world.server.lock();
            if !server.is_up() {
                return Err(failed("the store refuses connections"));
            }
            command(&mut server)
        };
        self.travel().await?;
        Ok(reply)
    }

    /// Lets a message travel. A message that is lost is noticed at once or never.
    pub(super) async fn travel(&self) -> Result<(), Error> {
        let arrives = self.world.travel(self.link()).await;
        if arrives && self.incarnation.is_alive() {
            return Ok(());
        }
        if self.world.random.chance(500) || !self.incarnation.is_alive() {
            return pending().await;
        }
        Err(failed("the connection to the store is lost"))
    }

    pub(super) fn link(&self) -> Link {
        Link::Store(self.incarnation.instance())
    }
}

impl fmt::Debug for StoreLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLink").finish_non_exhaustive()
    }
}

pub(super) fn failed(context: &'static str) -> Error {
    Error::new(ErrorKind::Store, context)
}
