use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, PushInfo, RedisResult};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::address::{redirected, with_resp3};
use super::topology::Topology;

/// Connection that is subscribed to a channel and can also send commands: messages and replies have one order.
pub(in crate::store::redis) struct Subscription {
    pub(in crate::store::redis) connection: MultiplexedConnection,
    pub(in crate::store::redis) messages: UnboundedReceiver<PushInfo>,
}

impl Topology {
    /// Subscribes to `channel` at the server at which scripts publish: only there the order of messages and replies has
    /// a meaning. In a cluster that is the node with the slot of `key`.
    pub(super) async fn subscribe(
        &self,
        channel: &str,
        key: &str,
        timeout: Duration,
    ) -> RedisResult<Subscription> {
        match self {
            Self::Single(client) => Subscription::at(client, channel, timeout).await,
            Self::Sentinel { client, .. } => {
                let master = client.lock().await.async_get_client().await?;
                Subscription::at(&master, channel, timeout).await
            }
            Self::Cluster(_, nodes) => {
                let mut outcome = Err((ErrorKind::ClusterConnectionNotFound, "no node").into());
                for node in nodes {
                    outcome = Subscription::at_owner(node, channel, key, timeout).await;
                    if outcome.is_ok() {
                        break;
                    }
                }
                outcome
            }
        }
    }
}

impl Subscription {
    async fn at(client: &Client, channel: &str, timeout: Duration) -> RedisResult<Self> {
        // With RESP2, a subscribed connection can send no commands.
        let client = Client::open(with_resp3(client.get_connection_info().clone()))?;
        let (sender, messages) = unbounded_channel();
        let config = AsyncConnectionConfig::new()
            .set_push_sender(sender)
            .set_response_timeout(Some(timeout))
            .set_connection_timeout(Some(timeout));
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        connection.subscribe(channel).await?;
        Ok(Self {
            connection,
            messages,
        })
    }

    /// Subscribes at `node`, or at the node to which it redirects for the slot of `key`.
    async fn at_owner(
        node: &Client,
        channel: &str,
        key: &str,
        timeout: Duration,
    ) -> RedisResult<Self> {
        let mut subscription = Self::at(node, channel, timeout).await?;
        let mut write = redis::cmd("PEXPIRE");
        let Err(error) = write
            .arg(key)
            .arg(1_000)
            .query_async::<()>(&mut subscription.connection)
            .await
        else {
            return Ok(subscription);
        };
        let info = node.get_connection_info();
        let owner = error
            .redirect_node()
            .and_then(|(address, _)| redirected(info.addr(), address));
        let owner = Client::open(info.clone().set_addr(owner.ok_or(error)?))?;
        Self::at(&owner, channel, timeout).await
    }
}
