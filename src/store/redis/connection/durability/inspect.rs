use std::collections::HashMap;

use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{Cmd, RedisResult, Value, from_redis_value};

use super::facts::Facts;
use super::warnings::warn_once;
use crate::store::redis::connection::Connection;
use crate::trace::{debug, outside};

/// Inspects the server of this connection, or all masters of a cluster, and warns of each problem once.
pub(in crate::store::redis::connection) async fn inspect(
    connection: &mut Connection,
    server: &str,
) {
    let mut facts: HashMap<String, Facts> = HashMap::new();
    for (section, is_settings) in [("memory", false), ("persistence", false), ("save", true)] {
        read(connection, server, section, is_settings, &mut facts).await;
    }
    // `INFO` may be denied, or contain less than that of Redis.
    if facts.values().any(|facts| facts.policy.is_none()) || facts.is_empty() {
        read(connection, server, "maxmemory-policy", true, &mut facts).await;
    }
    if facts
        .values()
        .any(|facts| facts.has_append_only_file.is_none())
        || facts.is_empty()
    {
        read(connection, server, "appendonly", true, &mut facts).await;
    }
    for (server, facts) in facts {
        warn_once(&server, &facts);
    }
}

/// Reads a section of `INFO`, or a setting.
async fn read(
    connection: &mut Connection,
    server: &str,
    name: &str,
    is_setting: bool,
    facts: &mut HashMap<String, Facts>,
) {
    let mut command = redis::cmd(if is_setting { "CONFIG" } else { "INFO" });
    if is_setting {
        command.arg("GET");
    }
    command.arg(name);
    match query(connection, command, server).await {
        Ok(replies) => {
            for (server, reply) in replies {
                facts
                    .entry(server)
                    .or_default()
                    .learn(&pairs(reply, is_setting));
            }
        }
        Err(error) => {
            let error = outside(&error.to_string()).to_string();
            debug!(error = %error, "redis: eviction policy and persistence cannot be read");
        }
    }
}

/// Returns the reply of each server to a command.
async fn query(
    connection: &mut Connection,
    command: Cmd,
    server: &str,
) -> RedisResult<Vec<(String, Value)>> {
    match connection {
        Connection::Single(connection) => {
            let reply = command.query_async(connection).await?;
            Ok(vec![(server.to_owned(), reply)])
        }
        Connection::Cluster(connection) => {
            let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
            match connection.route_command(command, all).await? {
                Value::Map(replies) => Ok(replies
                    .into_iter()
                    .filter_map(|(node, reply)| Some((text(&node)?, reply)))
                    .collect()),
                reply => Ok(vec![(server.to_owned(), reply)]),
            }
        }
    }
}

/// Returns the names and values of a reply.
fn pairs(reply: Value, is_setting: bool) -> HashMap<String, String> {
    if is_setting {
        return from_redis_value(reply).unwrap_or_default();
    }
    let text = text(&reply).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.trim().split_once(':'));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.clone()),
        _ => None,
    }
}
