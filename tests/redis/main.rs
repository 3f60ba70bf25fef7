//! Sessions in real Redis servers, which are killed, stopped, cut off and lied about.
//!
//! Needs `redis-server`; as root on Debian it is installed when it is missing. The servers listen on the loopback
//! interface alone, and end with the test that has started them.
#![cfg(unix)]

mod child;
mod cluster;
mod contract;
mod harness;
mod kit;
mod monitor;
mod near;
mod outage;
#[path = "../support/programs.rs"]
mod programs;
mod proxy;
#[path = "../support/redis_server/mod.rs"]
mod redis_server;
mod sentinel;
mod signals;
