//! Check of the rights that the store needs from the Redis user (ACL).
//!
//! Each command is sent once, on the probe key, because `ACL DRYRUN` needs Redis 7 and one more
//! right. All of them are sent in one pipeline, so the check costs one round trip. It leaves
//! nothing behind: the probe is a string with an expiry when the commands for hashes are sent,
//! which therefore fail with `WRONGTYPE`, and it is deleted at the end.

use std::collections::BTreeSet;

use redis::{Pipeline, RedisError, RedisResult, Value};

use super::cause::Cause;
use super::live::Connection;
use super::managed::ManagedConnection;
use crate::error::{Error, ErrorKind};
use crate::store::redis::invalidation::NO_SESSION;
use crate::store::redis::keys::Keys;

/// Expiry of the probe in ms, in case its deletion is not allowed.
const PROBE_LIFETIME: u32 = 60_000;

/// Names with which rights are checked.
pub(super) struct Probes {
    /// A key that never exists for long. Heartbeats delete a field of it, which only a master
    /// allows.
    pub(super) key: String,
    pub(super) channel: String,
    /// One name of each other kind of keys.
    other_keys: Vec<String>,
    /// The pattern of all keys.
    pattern: String,
}

impl Probes {
    pub(super) fn new(keys: &Keys) -> Self {
        Self {
            key: keys.probe(),
            channel: keys.channel(),
            other_keys: vec![keys.flow(""), keys.token(""), keys.lease("")],
            pattern: keys.pattern(),
        }
    }
}

/// A part of an ACL rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Right {
    Command(&'static str),
    Keys,
    Channel,
}

impl ManagedConnection {
    /// Fails with the rights that the user lacks, all at once.
    pub(super) async fn check_rights(&self, mut connection: Connection) -> Result<(), Error> {
        let probes = &self.probes;
        let (commands, pipeline) = calls(probes);
        let replies: RedisResult<Vec<Value>> = pipeline.query_async(&mut connection).await;
        let replies = replies.map_err(|error| self.failure("redis: the call failed", &error))?;
        let mut missing: Vec<Right> = commands
            .iter()
            .zip(&replies)
            .filter_map(|(command, reply)| denied(command, reply))
            .collect();
        missing.sort();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let rule: Vec<String> = missing.iter().map(|right| right.rule(probes)).collect();
        Err(self.lacking(&rule.join(" ")))
    }

    /// Returns the error for a user that lacks the rights in `rule`.
    fn lacking(&self, rule: &str) -> Error {
        let user = self.user.name();
        let remedy = format!("allow it: ACL SETUSER {user} {rule}");
        let cause = Cause::new(
            format!("NOPERM the Redis user {user} lacks {rule}"),
            Some(remedy),
        );
        Error::new(ErrorKind::Store, "redis: the Redis user lacks rights").with_source(cause)
    }

    /// Returns the remedy for a denial whose right is not known.
    pub(super) fn rule_for_all_rights(&self) -> String {
        let Probes {
            channel, pattern, ..
        } = &self.probes;
        let commands: BTreeSet<String> = calls(&self.probes)
            .0
            .iter()
            .map(|name| Right::Command(name).rule(&self.probes))
            .collect();
        let commands = commands.into_iter().collect::<Vec<_>>().join(" ");
        format!(
            "allow all that the store needs: ACL SETUSER {} ~{pattern} &{channel} {commands}",
            self.user.name()
        )
    }

    /// Returns the rule that allows to subscribe, if a missing right is the reason of this error.
    pub(super) fn subscription_rule(&self, error: &RedisError) -> Option<String> {
        let text = error.to_string();
        let channel = &self.probes.channel;
        is_denial(&text).then(|| format!("ACL SETUSER {} +subscribe &{channel}", self.user.name()))
    }
}

impl Right {
    fn rule(self, probes: &Probes) -> String {
        match self {
            Self::Command(name) => format!("+{}", name.to_ascii_lowercase()),
            Self::Keys => format!("~{}", probes.pattern),
            Self::Channel => format!("&{}", probes.channel),
        }
    }
}

/// Returns the commands that scripts and the store use, each with harmless arguments, and one call
/// for each other kind of keys.
fn calls(probes: &Probes) -> (Vec<&'static str>, Pipeline) {
    let (mut names, mut pipeline) = (Vec::new(), redis::pipe());
    pipeline.ignore_errors();
    let mut call = |name: &'static str, arguments: &[&[u8]]| {
        names.push(name);
        pipeline.cmd(name).arg(arguments);
    };
    let (key, lifetime) = (probes.key.as_bytes(), PROBE_LIFETIME.to_string());
    let lifetime = lifetime.as_bytes();
    // The hash of no script.
    call("EVALSHA", &[&[b'0'; 40], b"1", key]);
    call("EVAL", &[b"return 1", b"1", key]);
    call("TIME", &[]);
    call("EXISTS", &[key]);
    call("SET", &[key, b"", b"PX", lifetime]);
    call("GET", &[key]);
    call("PTTL", &[key]);
    call("HKEYS", &[key]);
    call("HLEN", &[key]);
    call("HMGET", &[key, b""]);
    call("HSET", &[key, b"", b""]);
    call("HDEL", &[key, b""]);
    call("PEXPIRE", &[key, lifetime]);
    call("UNLINK", &[key]);
    call("DEL", &[key]);
    call("PUBLISH", &[probes.channel.as_bytes(), NO_SESSION]);
    for key in &probes.other_keys {
        // Needs the rights to read and to write, and changes nothing: no such key exists.
        call("PEXPIRE", &[key.as_bytes(), b"1"]);
    }
    (names, pipeline)
}

fn denied(command: &'static str, reply: &Value) -> Option<Right> {
    match reply {
        Value::ServerError(error) => {
            missing_right(command, error.code(), error.details().unwrap_or_default())
        }
        _ => None,
    }
}

/// Returns the right that is missing according to this error of a command, in the words of Redis 6
/// to 8 and Valkey.
fn missing_right(command: &'static str, code: &str, text: &str) -> Option<Right> {
    if code != "NOPERM" {
        None
    } else if text.contains("to run ") {
        Some(Right::Command(command))
    } else if text.contains("channel") {
        Some(Right::Channel)
    } else if text.contains("key") {
        Some(Right::Keys)
    } else {
        Some(Right::Command(command))
    }
}

/// Whether an error says that a right is missing, also one inside a script, in the words of Redis 6
/// to 8.
pub(super) fn is_denial(text: &str) -> bool {
    [
        "NOPERM",
        "NoPerm",
        "no permissions to",
        "ACL failure in script",
        "executing the script can't",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_right_is_read_in_the_words_of_all_versions() {
        for (text, expected) in [
            (
                "this user has no permissions to run the 'time' command or its subcommand",
                Right::Command("TIME"),
            ),
            (
                "User channel has no permissions to run the 'time' command",
                Right::Command("TIME"),
            ),
            (
                "this user has no permissions to access one of the keys used as arguments",
                Right::Keys,
            ),
            ("No permissions to access a key", Right::Keys),
            (
                "this user has no permissions to access one of the channels used as arguments",
                Right::Channel,
            ),
            ("No permissions to access a channel", Right::Channel),
            ("", Right::Command("TIME")),
        ] {
            assert_eq!(
                missing_right("TIME", "NOPERM", text),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(
            missing_right("HSET", "WRONGTYPE", "Operation against a key"),
            None
        );
        assert_eq!(missing_right("SET", "OOM", "command not allowed"), None);
    }

    #[test]
    fn denials_inside_scripts_are_recognized() {
        for text in [
            "NOPERM this user has no permissions",
            "ERR The user executing the script can't run this command or subcommand script: 486b",
            "ERR The user executing the script can't access at least one of the keys mentioned in the command",
            "ERR ACL failure in script: User app has no permissions to run the 'time' command",
        ] {
            assert!(is_denial(text), "{text}");
        }
        assert!(!is_denial("ERR a timestamp cannot be read"));
    }
}
