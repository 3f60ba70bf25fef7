//! Warnings about a server that may lose sessions and revocations: it evicts keys, or it has no persistence.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{Cmd, RedisResult, Value, from_redis_value};

use super::Connection;
use crate::trace::{debug, outside, warn};

/// More servers than any process talks to. Beyond that all are forgotten, and warned about once more.
const MOST_SERVERS: usize = 1024;

/// The warnings of this process, by the address of the server.
static WARNED_ABOUT: LazyLock<Mutex<HashMap<String, Warned>>> = LazyLock::new(Mutex::default);

/// The known facts about a server. Managed services forbid some of the questions.
#[derive(Default)]
struct Facts {
    policy: Option<String>,
    has_append_only_file: Option<bool>,
    has_save_points: Option<bool>,
}

/// The flaws of a server that were logged.
#[derive(Default)]
struct Warned {
    policy: Option<String>,
    no_persistence: bool,
}

/// Looks at the server behind this connection, or at all masters of a cluster, and warns of each flaw once.
pub(super) async fn inspect(connection: &mut Connection, server: &str) {
    let mut facts: HashMap<String, Facts> = HashMap::new();
    for (section, is_settings) in [("memory", false), ("persistence", false), ("save", true)] {
        read(connection, server, section, is_settings, &mut facts).await;
    }
    // Where `INFO` is forbidden or says less than that of Redis.
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

/// Asks for a section of `INFO`, or for a setting.
async fn read(
    connection: &mut Connection,
    server: &str,
    name: &str,
    is_setting: bool,
    facts: &mut HashMap<String, Facts>,
) {
    let mut question = redis::cmd(if is_setting { "CONFIG" } else { "INFO" });
    if is_setting {
        question.arg("GET");
    }
    question.arg(name);
    match ask(connection, question, server).await {
        Ok(answers) => {
            for (server, answer) in answers {
                facts
                    .entry(server)
                    .or_default()
                    .learn(&lines(answer, is_setting));
            }
        }
        Err(error) => {
            let error = outside(&error.to_string()).to_string();
            debug!(error = %error, "redis: eviction policy and persistence cannot be read");
        }
    }
}

/// Each server's answer to a question.
async fn ask(
    connection: &mut Connection,
    question: Cmd,
    server: &str,
) -> RedisResult<Vec<(String, Value)>> {
    match connection {
        Connection::Single(connection) => {
            let answer = question.query_async(connection).await?;
            Ok(vec![(server.to_owned(), answer)])
        }
        Connection::Cluster(connection) => {
            let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
            match connection.route_command(question, all).await? {
                Value::Map(answers) => Ok(answers
                    .into_iter()
                    .filter_map(|(node, answer)| Some((text(&node)?, answer)))
                    .collect()),
                answer => Ok(vec![(server.to_owned(), answer)]),
            }
        }
    }
}

/// Names and values of an answer.
fn lines(answer: Value, is_setting: bool) -> HashMap<String, String> {
    if is_setting {
        return from_redis_value(answer).unwrap_or_default();
    }
    let text = text(&answer).unwrap_or_default();
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

impl Facts {
    fn learn(&mut self, lines: &HashMap<String, String>) {
        if let Some(policy) = lines
            .get("maxmemory_policy")
            .or_else(|| lines.get("maxmemory-policy"))
        {
            self.policy = Some(policy.clone());
        }
        if let Some(is_on) = lines.get("aof_enabled").or_else(|| lines.get("appendonly")) {
            self.has_append_only_file = Some(matches!(&**is_on, "1" | "yes"));
        }
        if let Some(points) = lines.get("save") {
            self.has_save_points = Some(!points.trim().is_empty());
        }
    }

    /// The policy if it is known, and whether it evicts.
    fn policy(&self) -> Option<(&str, bool)> {
        self.policy
            .as_deref()
            .map(|policy| (policy, policy != "noeviction"))
    }

    /// Whether a restart loses everything, if that is known.
    fn loses_all(&self) -> Option<bool> {
        match (self.has_append_only_file, self.has_save_points) {
            (Some(true), _) | (_, Some(true)) => Some(false),
            (Some(false), Some(false)) => Some(true),
            _ => None,
        }
    }
}

/// Warns of a flaw unless that was done. A fact that is not known is no change.
fn warn_once(server: &str, facts: &Facts) {
    let mut warned_about = WARNED_ABOUT.lock().unwrap_or_else(PoisonError::into_inner);
    if warned_about.len() >= MOST_SERVERS && !warned_about.contains_key(server) {
        warned_about.clear();
    }
    let warned = warned_about.entry(server.to_owned()).or_default();
    let evicting = facts
        .policy()
        .map(|(policy, evicts)| evicts.then(|| outside(policy).to_string()));
    let is_evicting_news = evicting
        .as_ref()
        .is_some_and(|evicting| evicting.is_some() && *evicting != warned.policy);
    let is_loss_news = facts.loses_all() == Some(true) && !warned.no_persistence;
    if let Some(evicting) = &evicting {
        warned.policy.clone_from(evicting);
    }
    warned.no_persistence = facts.loses_all().unwrap_or(warned.no_persistence);
    drop(warned_about);
    let server = outside(server).to_string();
    if is_evicting_news {
        warn!(
            server = %server,
            "redis: maxmemory-policy is {}, so sessions and revocations are evicted when maxmemory is reached: users \
             are logged out, and revoked sessions may be accepted again; set maxmemory-policy to noeviction",
            evicting.flatten().unwrap_or_default()
        );
    }
    if is_loss_news {
        warn!(
            server = %server,
            "redis: the server has no persistence, so a restart loses all sessions and revocations; set appendonly to yes"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::Captured;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        let mut facts = Facts::default();
        facts.learn(
            &pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        );
        facts
    }

    #[test]
    fn only_known_flaws_are_flaws() {
        for (pairs, evicts, loses_all) in [
            (&[][..], None, None),
            (
                &[
                    ("maxmemory_policy", "noeviction"),
                    ("aof_enabled", "1"),
                    ("save", ""),
                ],
                Some(false),
                Some(false),
            ),
            (
                &[("aof_enabled", "0"), ("save", "3600 1")],
                None,
                Some(false),
            ),
            // The save points are not known.
            (&[("aof_enabled", "0")], None, None),
            (&[("aof_enabled", "0"), ("save", "")], None, Some(true)),
            (&[("appendonly", "no"), ("save", "")], None, Some(true)),
            (&[("maxmemory-policy", "volatile-ttl")], Some(true), None),
        ] {
            let facts = facts(pairs);
            assert_eq!(
                (facts.policy().map(|(_, evicts)| evicts), facts.loses_all()),
                (evicts, loses_all),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn flaw_is_warned_about_once_for_each_server_and_again_after_a_change() {
        let log = Captured::new();
        let flawed = |policy| {
            facts(&[
                ("maxmemory_policy", policy),
                ("aof_enabled", "0"),
                ("save", ""),
            ])
        };
        let count = |text: &str| log.text().matches(text).count();
        for _ in 0..3 {
            warn_once("a.example:1", &flawed("allkeys-lru"));
            // No answer is no change.
            warn_once("a.example:1", &Facts::default());
        }
        assert_eq!(
            (
                count("maxmemory-policy is allkeys-lru"),
                count("appendonly")
            ),
            (1, 1)
        );
        warn_once("b.example:1", &flawed("allkeys-lru"));
        assert_eq!(
            (
                count("maxmemory-policy is allkeys-lru"),
                count("appendonly")
            ),
            (2, 2)
        );
        warn_once("a.example:1", &flawed("volatile-lru"));
        assert_eq!(
            (
                count("maxmemory-policy is volatile-lru"),
                count("appendonly")
            ),
            (1, 2)
        );
        warn_once(
            "a.example:1",
            &facts(&[("maxmemory_policy", "noeviction"), ("aof_enabled", "1")]),
        );
        warn_once("a.example:1", &flawed("volatile-lru"));
        assert_eq!(
            (
                count("maxmemory-policy is volatile-lru"),
                count("appendonly")
            ),
            (2, 3)
        );
    }
}
