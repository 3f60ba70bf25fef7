//! Lua scripts: the atomic operations at Redis.
//!
//! The first value that every script returns is the correlation id that it was called with.

use std::sync::LazyLock;

use redis::{ErrorKind, RedisResult, ServerErrorKind, Value};

use super::connection::Connection;

macro_rules! scripts {
    ($($name:ident = $($file:literal)+;)+) => {$(
        pub(super) static $name: Script = Script {
            text: concat!($(include_str!(concat!("scripts/", $file))),+),
            hash: LazyLock::new(|| redis::Script::new($name.text).get_hash().to_owned()),
        };
    )+};
}

scripts! {
    LOAD = "reject_on_replica.lua" "covered.lua" "load.lua";
    LIST = "reject_on_replica.lua" "covered.lua" "index.lua" "live_sessions.lua" "list.lua";
    STAMP = "next_timestamp.lua" "stamp.lua";
    INSERT = "next_timestamp.lua" "covered.lua" "index.lua" "live_sessions.lua" "unlink_session.lua"
        "insert.lua";
    TOUCH = "index.lua" "touch.lua";
    REVOKE_SESSION = "next_timestamp.lua" "index.lua" "unlink_session.lua" "revoke_session.lua";
    REVOKE_MANY = "next_timestamp.lua" "covered.lua" "index.lua" "revoke_many.lua";
    CLAIM_FLOW = "now.lua" "known_flow.lua" "claim_flow.lua";
    FLOW_STATE = "reject_on_replica.lua" "now.lua" "known_flow.lua" "flow_state.lua";
    COMPLETE_FLOW = "complete_flow.lua";
    ACQUIRE_LEASE = "reject_on_replica.lua" "now.lua" "acquire_lease.lua";
    PUBLISH_TOKEN = "now.lua" "publish_token.lua";
    RELEASE_LEASE = "release_lease.lua";
    HANDSHAKE = "reject_on_replica.lua" "handshake.lua";
    HEARTBEAT = "reject_on_replica.lua" "heartbeat.lua";
}

/// A script. Its text is sent only when the server does not know it.
pub(super) struct Script {
    text: &'static str,
    hash: LazyLock<String>,
}

impl Script {
    pub(super) async fn run(
        &self,
        mut connection: Connection,
        keys: &[&str],
        correlation_id: &str,
        arguments: &[&[u8]],
    ) -> RedisResult<Value> {
        let call = |how: &str, script: &str| {
            let mut call = redis::cmd(how);
            call.arg(script)
                .arg(keys.len())
                .arg(keys)
                .arg(correlation_id)
                .arg(arguments);
            call
        };
        let outcome = call("EVALSHA", &self.hash)
            .query_async(&mut connection)
            .await;
        match outcome {
            // Not `SCRIPT LOAD`: that would have to reach all nodes of a cluster, and its reply has
            // no correlation id.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                call("EVAL", self.text).query_async(&mut connection).await
            }
            outcome => outcome,
        }
    }
}

/// Whether a script has returned this word.
pub(super) fn is_word(reply: &[Value], word: &[u8]) -> bool {
    matches!(reply, [Value::BulkString(returned)] if returned == word)
}
