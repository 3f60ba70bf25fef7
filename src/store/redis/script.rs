//! What is done at Redis in one step.
//!
//! Every script returns the tag that it was called with first.

use std::sync::LazyLock;

use redis::{RedisResult, Value};

use super::link::Connection;

macro_rules! scripts {
    ($($(#[$attribute:meta])* $name:ident = $($file:literal)+;)+) => {$(
        $(#[$attribute])*
        pub(super) static $name: Script =
            Script(LazyLock::new(|| redis::Script::new(concat!($(include_str!(concat!("scripts/", $file))),+))));
    )+};
}

scripts! {
    LOAD = "load.lua";
    INSERT = "next_moment.lua" "insert.lua";
    TOUCH = "touch.lua";
    END_ONE = "end_one.lua";
    END_MANY = "next_moment.lua" "end_many.lua";
    CLAIM_FLOW = "claim_flow.lua";
    LOOK_AT_FLOW = "look_at_flow.lua";
    SETTLE_FLOW = "settle_flow.lua";
    LEASE_TOKEN = "lease_token.lua";
    KEEP_TOKEN = "keep_token.lua";
    END_LEASE = "end_lease.lua";
}

/// A script; sent whole only when the server does not know it.
pub(super) struct Script(LazyLock<redis::Script>);

impl Script {
    pub(super) async fn run(
        &self,
        mut connection: Connection,
        keys: &[&str],
        tag: &str,
        arguments: &[&[u8]],
    ) -> RedisResult<Value> {
        let mut invocation = self.0.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        invocation.arg(tag);
        for argument in arguments {
            invocation.arg(argument);
        }
        invocation.invoke_async(&mut connection).await
    }
}
