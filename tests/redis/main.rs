//! Sessions in real Redis servers that are killed, paused, disconnected, and whose replies are
//! forged.
//!
//! Needs `redis-server` and `openssl`: `tests/run` installs them and runs these tests, which `cargo
//! test` skips. The servers listen on the loopback interface only and stop with the test that
//! started them.
#![cfg(unix)]

mod certificates;
mod child;
mod clock;
mod cluster;
mod connections;
mod contract;
mod damage;
mod durability;
mod encryption;
mod hang_up;
mod harness;
mod index;
mod instance;
mod invalid_codes;
mod kit;
mod local_cache;
mod monitor;
mod outage;
mod outage_log;
mod outage_site;
mod own_users;
#[path = "../support/programs.rs"]
mod programs;
mod proxy;
mod recording;
#[path = "../support/redis_server/mod.rs"]
mod redis_server;
mod replies;
mod restarts;
mod revocation;
mod rights;
mod sentinel;
mod signals;
mod site;
mod start_session;
mod store_model;
mod tenants;
mod token_kills;
mod tokens;
#[path = "../flows/way.rs"]
#[expect(dead_code, reason = "the flows use the rest of it")]
mod way;
mod weika;
