use std::fmt;
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ProtocolVersion, RedisConnectionInfo,
    RedisResult, TlsMode,
};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::address::{is_tls, parse, parse_all};
use super::live::Connection;
use super::user::User;

/// A single server, a master behind sentinels, or a cluster.
pub(in crate::store::redis) enum Topology {
    Single(Box<Client>),
    /// The sentinels name the master whenever a connection is made.
    Sentinel {
        client: Box<Mutex<SentinelClient>>,
        sentinels: u32,
        user: User,
        is_tls: bool,
    },
    /// The client of the cluster, and its nodes one by one.
    Cluster(Box<ClusterClient>, Vec<Client>),
}

/// User and password of the sentinels themselves.
#[derive(Default)]
pub(in crate::store::redis) struct SentinelCredentials {
    pub(in crate::store::redis) user: Option<String>,
    pub(in crate::store::redis) password: Option<Zeroizing<String>>,
}

impl Topology {
    pub(in crate::store::redis) fn single(url: &str) -> RedisResult<Self> {
        Client::open(parse(url)?).map(Box::new).map(Self::Single)
    }

    /// The addresses are those of the sentinels; user, password and database in the first one are
    /// the server's.
    pub(in crate::store::redis) fn sentinel(
        urls: &[String],
        master: &str,
        credentials: &SentinelCredentials,
    ) -> RedisResult<Self> {
        let addresses = parse_all(urls)?;
        let mut of_master = SentinelNodeConnectionInfo::default();
        if let Some(first) = addresses.first() {
            of_master = of_master.set_redis_connection_info(first.redis_settings().clone());
            if is_tls(first) {
                of_master = of_master.set_tls_mode(TlsMode::Secure);
            }
        }
        let user = User::merge(addresses.iter().map(|info| User::of(info.redis_settings())));
        let is_tls = addresses.iter().any(is_tls);
        // A sentinel has no databases, and its own password, if any.
        let settings = credentials.settings();
        let sentinels: Vec<ConnectionInfo> = addresses
            .into_iter()
            .map(|info| info.set_redis_settings(settings.clone()))
            .collect();
        let client = SentinelClient::build(
            sentinels,
            master,
            Some(of_master),
            SentinelServerType::Master,
        )?;
        Ok(Self::Sentinel {
            client: Box::new(Mutex::new(client)),
            sentinels: count(urls),
            user: user.with_password(credentials.password.clone()),
            is_tls,
        })
    }

    pub(in crate::store::redis) fn cluster(
        urls: &[String],
        operation_timeout: Duration,
    ) -> RedisResult<Self> {
        let addresses = parse_all(urls)?;
        let nodes = addresses
            .iter()
            .cloned()
            .map(Client::open)
            .collect::<RedisResult<_>>()?;
        let cluster = ClusterClient::builder(addresses)
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(operation_timeout)
            .response_timeout(operation_timeout)
            .build()?;
        Ok(Self::Cluster(Box::new(cluster), nodes))
    }

    /// Whether one of its connections uses TLS.
    pub(in crate::store::redis) fn is_tls(&self) -> bool {
        match self {
            Self::Single(client) => is_tls(client.get_connection_info()),
            Self::Sentinel { is_tls, .. } => *is_tls,
            Self::Cluster(_, nodes) => nodes.iter().any(|node| is_tls(node.get_connection_info())),
        }
    }

    /// Returns the time limit for making a connection: some of the sentinels or nodes may not
    /// respond.
    pub(super) fn connect_timeout(&self, operation_timeout: Duration) -> Duration {
        match self {
            Self::Single(_) => operation_timeout,
            Self::Sentinel { sentinels, .. } => {
                operation_timeout.saturating_mul(sentinels.saturating_add(1))
            }
            Self::Cluster(_, nodes) => operation_timeout.saturating_mul(count(nodes)),
        }
    }

    /// Returns the user that sends commands, and all passwords.
    pub(super) fn user(&self) -> User {
        let user_of = |client: &Client| User::of(client.get_connection_info().redis_settings());
        match self {
            Self::Single(client) => user_of(client),
            Self::Sentinel { user, .. } => user.clone(),
            Self::Cluster(_, nodes) => User::merge(nodes.iter().map(user_of)),
        }
    }

    /// Makes a new connection, and returns it with the address of its server. The caller sets a
    /// time limit.
    pub(super) async fn connect(&self) -> RedisResult<(Connection, String)> {
        // The time limits of this crate also cover what those of the client do not.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None);
        let client = match self {
            Self::Single(client) => Client::clone(client),
            Self::Sentinel { client, .. } => client.lock().await.async_get_client().await?,
            Self::Cluster(cluster, _) => {
                let connection = Connection::Cluster(cluster.get_async_connection().await?);
                // `durability` distinguishes its nodes.
                return Ok((connection, "cluster".to_owned()));
            }
        };
        let server = client.get_connection_info().addr().to_string();
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok((Connection::Single(connection), server))
    }
}

impl SentinelCredentials {
    fn settings(&self) -> RedisConnectionInfo {
        let mut settings = RedisConnectionInfo::default();
        if let Some(user) = &self.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password.as_str());
        }
        settings
    }
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address may contain a password.
        f.write_str(match self {
            Self::Single(_) => "Single",
            Self::Sentinel { .. } => "Sentinel",
            Self::Cluster(..) => "Cluster",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1);
    const PLAIN: [&str; 3] = [
        "redis://127.0.0.1:1",
        "redis://127.0.0.1:2",
        "redis://127.0.0.1:3",
    ];

    /// A server, sentinels and a cluster at these addresses.
    fn topologies(addresses: [&str; 3]) -> [Topology; 3] {
        let urls = addresses.map(str::to_owned);
        let sentinel = Topology::sentinel(&urls, "campus", &SentinelCredentials::default());
        [
            Topology::single(addresses[0]).unwrap(),
            sentinel.unwrap(),
            Topology::cluster(&urls, TIMEOUT).unwrap(),
        ]
    }

    #[test]
    fn only_addresses_with_tls_need_certificates() {
        for topology in topologies(PLAIN) {
            assert!(!topology.is_tls(), "{topology:?}");
        }
        for topology in topologies(PLAIN.map(|_| "rediss://127.0.0.1:1")) {
            assert!(topology.is_tls(), "{topology:?}");
        }
    }

    #[test]
    fn each_sentinel_and_each_node_may_take_the_timeout() {
        let limits = topologies(PLAIN).map(|topology| topology.connect_timeout(TIMEOUT).as_secs());
        // The master comes after the sentinels.
        assert_eq!(limits, [1, 4, 3]);
    }
}
