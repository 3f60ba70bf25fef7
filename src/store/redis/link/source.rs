//! Where Redis is, and how a connection is made.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisConnectionInfo, RedisFuture, RedisResult, TlsMode, Value,
};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zeroize::Zeroizing;

use super::cause::Login;

/// The servers that play together.
pub(in crate::store::redis) enum Source {
    Single(Box<Client>),
    /// Asked for the master whenever a connection is made.
    Sentinel {
        client: Box<Mutex<SentinelClient>>,
        sentinels: u32,
        login: Login,
        is_tls: bool,
    },
    /// The client of the cluster, and its nodes one by one.
    Cluster(Box<ClusterClient>, Vec<Client>),
}

impl Source {
    pub(in crate::store::redis) fn single(url: &str) -> RedisResult<Self> {
        Client::open(place(url)?).map(Box::new).map(Self::Single)
    }

    /// The addresses are those of the sentinels; user, password and database in the first one are the server's.
    pub(in crate::store::redis) fn sentinel(
        urls: &[String],
        master: &str,
        credentials: &Credentials,
    ) -> RedisResult<Self> {
        let places = urls
            .iter()
            .map(|url| place(url))
            .collect::<RedisResult<Vec<_>>>()?;
        let mut of_master = SentinelNodeConnectionInfo::default();
        if let Some(first) = places.first() {
            of_master = of_master.set_redis_connection_info(first.redis_settings().clone());
            if is_tls(first) {
                of_master = of_master.set_tls_mode(TlsMode::Secure);
            }
        }
        // A sentinel knows no databases, and has a password of its own, if any.
        let mut settings = RedisConnectionInfo::default();
        if let Some(user) = &credentials.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &credentials.password {
            settings = settings.set_password(password.as_str());
        }
        let mut login = places
            .first()
            .map(|first| login_of(first.redis_settings()))
            .unwrap_or_default();
        login.passwords.extend(
            places
                .iter()
                .flat_map(|place| login_of(place.redis_settings()).passwords),
        );
        login.passwords.extend(credentials.password.clone());
        let is_tls = places.iter().any(is_tls);
        let sentinels: Vec<ConnectionInfo> = places
            .into_iter()
            .map(|place| place.set_redis_settings(settings.clone()))
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
            login,
            is_tls,
        })
    }

    pub(in crate::store::redis) fn cluster(urls: &[String], budget: Duration) -> RedisResult<Self> {
        let places = urls
            .iter()
            .map(|url| place(url))
            .collect::<RedisResult<Vec<_>>>()?;
        let nodes = places
            .iter()
            .cloned()
            .map(Client::open)
            .collect::<RedisResult<_>>()?;
        let cluster = ClusterClient::builder(places).use_protocol(ProtocolVersion::RESP3);
        let cluster = cluster
            .connection_timeout(budget)
            .response_timeout(budget)
            .build()?;
        Ok(Self::Cluster(Box::new(cluster), nodes))
    }

    /// Whether any of its connections is encrypted.
    pub(in crate::store::redis) fn is_tls(&self) -> bool {
        match self {
            Self::Single(client) => is_tls(client.get_connection_info()),
            Self::Sentinel { is_tls, .. } => *is_tls,
            Self::Cluster(_, nodes) => nodes.iter().any(|node| is_tls(node.get_connection_info())),
        }
    }

    /// How long making a connection may take: some of those who are asked on the way may not answer.
    pub(super) fn patience(&self, budget: Duration) -> Duration {
        match self {
            Self::Single(_) => budget,
            Self::Sentinel { sentinels, .. } => budget.saturating_mul(sentinels.saturating_add(1)),
            Self::Cluster(_, nodes) => budget.saturating_mul(count(nodes)),
        }
    }

    /// The user that commands are sent as, and all passwords.
    pub(super) fn login(&self) -> Login {
        match self {
            Self::Single(client) => login_of(client.get_connection_info().redis_settings()),
            Self::Sentinel { login, .. } => login.clone(),
            Self::Cluster(_, nodes) => {
                let logins = nodes
                    .iter()
                    .map(|node| login_of(node.get_connection_info().redis_settings()));
                let merge = |all: Login, next: Login| Login {
                    user: all.user.or(next.user),
                    passwords: [all.passwords, next.passwords].concat(),
                };
                logins.reduce(merge).unwrap_or_default()
            }
        }
    }

    /// A new connection, and the address of its server. It has no time limit; the caller sets one.
    pub(super) async fn dial(&self) -> RedisResult<(Connection, String)> {
        // What is waited for has a limit already, which also holds for what this crate's own limits cannot see.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None);
        let client = match self {
            Self::Single(client) => Client::clone(client),
            Self::Sentinel {
                client: sentinel, ..
            } => sentinel.lock().await.async_get_client().await?,
            Self::Cluster(cluster, _) => {
                // Its nodes are told apart where that matters.
                return Ok((
                    Connection::Cluster(cluster.get_async_connection().await?),
                    "cluster".to_owned(),
                ));
            }
        };
        let server = client.get_connection_info().addr().to_string();
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok((Connection::Single(connection), server))
    }

    /// A new connection that hears what is published on `channel`, at the server that scripts publish at: only there
    /// the order of messages and answers says something. In a cluster that is the node with the slot of `key`.
    pub(super) async fn listen(
        &self,
        channel: &str,
        key: &str,
        patience: Duration,
    ) -> RedisResult<Listening> {
        match self {
            Self::Single(client) => Listening::at(client, channel, patience).await,
            Self::Sentinel {
                client: sentinel, ..
            } => {
                let master = sentinel.lock().await.async_get_client().await?;
                Listening::at(&master, channel, patience).await
            }
            Self::Cluster(_, nodes) => {
                let mut outcome =
                    Err((redis::ErrorKind::ClusterConnectionNotFound, "no node").into());
                for node in nodes {
                    outcome = Listening::at_owner(node, channel, key, patience).await;
                    if outcome.is_ok() {
                        break;
                    }
                }
                outcome
            }
        }
    }
}

/// A connection that hears what is published, and can be asked something: both come in one order.
pub(in crate::store::redis) struct Listening {
    pub(in crate::store::redis) connection: MultiplexedConnection,
    pub(in crate::store::redis) messages: UnboundedReceiver<PushInfo>,
}

impl Listening {
    async fn at(client: &Client, channel: &str, patience: Duration) -> RedisResult<Self> {
        let place = client.get_connection_info().clone();
        // On a connection of the older protocol nothing can be asked while it listens.
        let settings = place
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(place.set_redis_settings(settings))?;
        let (sender, messages) = unbounded_channel();
        let config = AsyncConnectionConfig::new().set_push_sender(sender);
        let config = config
            .set_response_timeout(Some(patience))
            .set_connection_timeout(Some(patience));
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        connection.subscribe(channel).await?;
        Ok(Self {
            connection,
            messages,
        })
    }

    /// At this node, or where it says that the slot of `key` is.
    async fn at_owner(
        node: &Client,
        channel: &str,
        key: &str,
        patience: Duration,
    ) -> RedisResult<Self> {
        let mut listening = Self::at(node, channel, patience).await?;
        let mut write = redis::cmd("PEXPIRE");
        let Err(error) = write
            .arg(key)
            .arg(1_000)
            .query_async::<()>(&mut listening.connection)
            .await
        else {
            return Ok(listening);
        };
        let place = node.get_connection_info();
        let owner = error
            .redirect_node()
            .and_then(|(address, _)| at_address(place.addr(), address));
        let owner = Client::open(place.clone().set_addr(owner.ok_or(error)?))?;
        Self::at(&owner, channel, patience).await
    }
}

/// The same kind of address with this host and port.
fn at_address(like: &ConnectionAddr, address: &str) -> Option<ConnectionAddr> {
    let (new_host, new_port) = address.rsplit_once(':')?;
    let mut changed = like.clone();
    match &mut changed {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            // Without a host it is that of whoever says so.
            if !new_host.is_empty() {
                new_host.clone_into(host);
            }
            *port = new_port.parse().ok()?;
            Some(changed)
        }
        _ => None,
    }
}

fn count<T>(these: &[T]) -> u32 {
    u32::try_from(these.len()).unwrap_or(u32::MAX)
}

/// Where a URL leads. `rustls` wants to be told which cryptography to use: reqwest's choice is made here too, unless the
/// application has made one.
fn place(url: &str) -> RedisResult<ConnectionInfo> {
    let place = url.into_connection_info()?;
    if is_tls(&place) && rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may be faster, which is as well.
        let _chosen = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    // The client drops the server's text about a failed `AUTH`, but not that about a failed `HELLO`.
    let settings = place
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    Ok(place.set_redis_settings(settings))
}

fn login_of(settings: &RedisConnectionInfo) -> Login {
    let passwords = settings
        .password()
        .map(|password| Zeroizing::new(password.to_owned()));
    let user = settings.username().map(str::to_owned);
    Login {
        user,
        passwords: passwords.into_iter().collect(),
    }
}

fn is_tls(place: &ConnectionInfo) -> bool {
    matches!(place.addr(), ConnectionAddr::TcpTls { .. })
}

/// Who asks the sentinels.
#[derive(Default)]
pub(in crate::store::redis) struct Credentials {
    pub(in crate::store::redis) user: Option<String>,
    pub(in crate::store::redis) password: Option<Zeroizing<String>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address may have a password in it.
        f.write_str(match self {
            Self::Single(_) => "Single",
            Self::Sentinel { .. } => "Sentinel",
            Self::Cluster(..) => "Cluster",
        })
    }
}

/// A connection that many use at once.
#[derive(Clone)]
pub(in crate::store::redis) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a redis::Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(cmd, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
