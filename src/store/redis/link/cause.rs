//! Reason why Redis cannot be used, as logs and errors show it.

use std::error::Error as StdError;
use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::remedy;
use crate::trace::outside;

const CHECK_CREDENTIALS: &str = "check the user and the password in the address of Redis";

/// User and passwords of a connection. The passwords are known here only to be taken out of error texts.
#[derive(Clone, Default)]
pub(in crate::store::redis) struct Login {
    pub(super) user: Option<String>,
    pub(super) passwords: Vec<Zeroizing<String>>,
}

impl Login {
    /// The name of the user in an ACL rule.
    pub(super) fn user(&self) -> String {
        outside(self.user.as_deref().unwrap_or("default")).to_string()
    }

    /// Returns outside text without passwords, escaped and cut. A server that does not know the command `AUTH` quotes
    /// its arguments, and cuts them: no part of them is shown.
    fn redacted(&self, text: &str) -> String {
        let (shown, is_cut) = match text.find("with args beginning with") {
            Some(end) => (&text[..end], true),
            None => (text, false),
        };
        let passwords = self
            .passwords
            .iter()
            .filter(|password| !password.is_empty());
        let mut shown = passwords.fold(shown.to_owned(), |shown, password| {
            shown.replace(&***password, "[redacted]")
        });
        if is_cut {
            shown.push_str("with [redacted]");
        }
        outside(&shown).to_string()
    }
}

/// The reason for a failure: the text of the Redis client without passwords, and a remedy.
#[derive(Clone)]
pub(super) struct Cause {
    reason: String,
    /// The text of the client, for `Debug`.
    original: String,
    remedy: Option<String>,
}

impl Cause {
    /// A reason in this crate's own words.
    pub(super) fn new(reason: impl Into<String>, remedy: Option<String>) -> Self {
        let reason = reason.into();
        Self {
            original: reason.clone(),
            reason,
            remedy,
        }
    }

    pub(super) fn of(error: &RedisError, login: &Login) -> Self {
        let text = remedy::chain_text(error);
        let reason = match (error.code(), error.detail()) {
            (Some(code), Some(detail)) => format!("{code} {detail}"),
            (Some(code), None) => code.to_owned(),
            (None, _) => text.clone(),
        };
        let remedy = remedy_for(error, &format!("{reason} {text}")).map(str::to_owned);
        let remedy = remedy.or_else(|| {
            let command = denied_command(&reason)?;
            Some(format!("allow it: ACL SETUSER {} +{command}", login.user()))
        });
        Self {
            reason: login.redacted(&reason),
            original: login.redacted(&text),
            remedy,
        }
    }

    /// The reason of a failure of this store, and its remedy.
    pub(super) fn parts(error: &Error) -> (String, Option<&str>) {
        match error
            .source()
            .and_then(|source| source.downcast_ref::<Self>())
        {
            Some(cause) => (cause.reason.clone(), cause.remedy.as_deref()),
            None => (error.to_string(), None),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.original)
    }
}

impl StdError for Cause {}

fn remedy_for(error: &RedisError, text: &str) -> Option<&'static str> {
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
        // The missing right is known elsewhere.
        _ if text.contains("NOPERM") => None,
        _ if text.contains("unknown command") => {
            Some("Redis 7 or Valkey is needed, and no command may be renamed")
        }
        _ if text.contains("DB index") => Some("check the database number in the address of Redis"),
        _ => remedy::for_network(text),
    }
}

/// The command that the server names as denied, such as `cluster|slots`.
fn denied_command(reason: &str) -> Option<&str> {
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

    fn login() -> Login {
        Login {
            user: None,
            passwords: vec![Zeroizing::new("sesame".to_owned())],
        }
    }

    #[test]
    fn password_that_the_server_quotes_is_taken_out() {
        let said = "unknown command 'AUTH', with args beginning with: 'app' 'sesa";
        for detail in [said, "bad sesame"] {
            let error = RedisError::from((ErrorKind::Client, "it failed", detail.to_owned()));
            let cause = Cause::of(&error, &login());
            let shown = format!("{cause} {cause:?}");
            assert!(
                !shown.contains("sesa") && shown.contains("[redacted]"),
                "{shown}"
            );
        }
    }

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

    #[test]
    fn outside_text_is_escaped_and_cut() {
        let error = RedisError::from((ErrorKind::Client, "it failed", "\n".repeat(1000)));
        let shown = Cause::of(&error, &login()).to_string();
        assert!(
            !shown.contains('\n') && shown.chars().count() <= 400,
            "{shown}"
        );
    }
}
