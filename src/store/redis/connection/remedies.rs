//! Remedies for errors of Redis.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::remedy;

const CHECK_CREDENTIALS: &str = "check the user and the password in the address of Redis";

/// Returns the remedy for an error with this text.
pub(super) fn remedy_for(error: &RedisError, text: &str) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            Some("the server is a replica: name the master, or use `Redis::sentinel`")
        }
        ErrorKind::Server(ServerErrorKind::BusyLoading) => {
            Some("the server is loading its data: wait")
        }
        ErrorKind::Server(ServerErrorKind::MasterDown) => {
            Some("the replica has lost its master: start the master")
        }
        ErrorKind::Server(ServerErrorKind::ClusterDown) => {
            Some("slots have no node: check CLUSTER INFO")
        }
        ErrorKind::MasterNameNotFoundBySentinel => {
            Some("check the name of the master in the sentinels")
        }
        ErrorKind::RESP3NotSupported => Some("Redis 7 or Valkey is needed"),
        ErrorKind::AuthenticationFailed => Some(CHECK_CREDENTIALS),
        _ if is_about_credentials(text) => Some(CHECK_CREDENTIALS),
        _ if text.contains("cluster support disabled") => {
            Some("the server is no cluster: use `Redis::builder`")
        }
        _ if text.contains("OOM command not allowed") => {
            Some("the server is full: raise maxmemory")
        }
        _ if text.contains("MISCONF") => {
            Some("the server cannot write to its disk: check the disk and the server's log")
        }
        _ if text.contains("NOREPLICAS") => {
            Some("too few replicas are connected: check min-replicas-to-write")
        }
        _ if text.contains("max number of clients") => Some("raise maxclients of the server"),
        ErrorKind::Server(ServerErrorKind::Moved) => {
            Some("the server is part of a cluster: use `Redis::cluster`")
        }
        // The check of rights names the missing one.
        _ if text.contains("NOPERM") => None,
        _ if text.contains("unknown command") => {
            Some("Redis 7 or Valkey is needed, and no command may be renamed")
        }
        _ if text.contains("DB index") => Some("check the database number in the address of Redis"),
        _ => remedy::for_network(text),
    }
}

/// Returns the command that the server names as denied, such as `cluster|slots`.
pub(super) fn denied_command(reason: &str) -> Option<&str> {
    let (_, after) = reason.split_once("permissions to run the '")?;
    let (command, after) = after.split_once('\'')?;
    let is_command = command
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'|' | b'-' | b'.' | b'_'));
    (is_command && after.starts_with(" command")).then_some(command)
}

fn is_about_credentials(text: &str) -> bool {
    [
        "WRONGPASS",
        "NOAUTH",
        "without any password configured",
        "invalid password",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denied_command_is_named_with_the_rule_that_allows_it() {
        let denied = |reason| denied_command(reason);
        let said = "NOPERM this user has no permissions to run the 'cluster|slots' command";
        assert_eq!(denied(said), Some("cluster|slots"));
        assert_eq!(
            denied("NOPERM User app has no permissions to run the 'time' command"),
            Some("time")
        );
        assert_eq!(denied("NOPERM No permissions to access a key"), None);
        assert_eq!(
            denied("NOPERM User app has no permissions to run the 'a b' command"),
            None
        );
        assert_eq!(
            denied("ERR wrong number of arguments for the 'time' command"),
            None
        );
    }
}
