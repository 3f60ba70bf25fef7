//! What is done at Redis in one step.
//!
//! Every script returns the tag that it was called with first.

use std::sync::LazyLock;

use redis::{ErrorKind, RedisResult, ServerErrorKind, Value};

use super::link::Connection;

macro_rules! scripts {
    ($($name:ident = $($file:literal)+;)+) => {$(
        pub(super) static $name: Script = Script {
            text: concat!($(include_str!(concat!("scripts/", $file))),+),
            hash: LazyLock::new(|| redis::Script::new($name.text).get_hash().to_owned()),
        };
    )+};
}

scripts! {
    LOAD = "only_master.lua" "load.lua";
    STAMP = "next_moment.lua" "stamp.lua";
    INSERT = "next_moment.lua" "insert.lua";
    TOUCH = "touch.lua";
    END_ONE = "next_moment.lua" "end_one.lua";
    END_MANY = "next_moment.lua" "end_many.lua";
    CLAIM_FLOW = "now.lua" "known_flow.lua" "claim_flow.lua";
    LOOK_AT_FLOW = "only_master.lua" "now.lua" "known_flow.lua" "look_at_flow.lua";
    SETTLE_FLOW = "settle_flow.lua";
    LEASE_TOKEN = "only_master.lua" "now.lua" "lease_token.lua";
    KEEP_TOKEN = "now.lua" "keep_token.lua";
    END_LEASE = "end_lease.lua";
    HELLO = "only_master.lua" "hello.lua";
    BEAT = "only_master.lua" "beat.lua";
}

/// A script; sent whole only when the server does not know it.
pub(super) struct Script {
    text: &'static str,
    hash: LazyLock<String>,
}

impl Script {
    pub(super) async fn run(
        &self,
        mut connection: Connection,
        keys: &[&str],
        tag: &str,
        arguments: &[&[u8]],
    ) -> RedisResult<Value> {
        let call = |how: &str, script: &str| {
            let mut call = redis::cmd(how);
            call.arg(script)
                .arg(keys.len())
                .arg(keys)
                .arg(tag)
                .arg(arguments);
            call
        };
        let outcome = call("EVALSHA", &self.hash)
            .query_async(&mut connection)
            .await;
        match outcome {
            // Not `SCRIPT LOAD`: that would have to reach all nodes of a cluster, and its reply has no tag.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                call("EVAL", self.text).query_async(&mut connection).await
            }
            outcome => outcome,
        }
    }
}
