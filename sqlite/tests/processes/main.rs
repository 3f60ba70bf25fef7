//! Several processes on one file: kills, rolling restarts, and first starts at the same moment.
//!
//! The processes are this test binary, started again.
#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "the figures of the tests")]

#[path = "../support/alone.rs"]
mod alone;
mod balancer;
#[path = "../support/child.rs"]
mod child;
mod kill;
#[path = "../support/load.rs"]
mod load;
mod logout;
mod new_file;
#[path = "../support/random.rs"]
mod random;
mod rolling_restart;
#[path = "../support/site.rs"]
mod site;
#[path = "../support/store.rs"]
mod store;
#[path = "../support/time.rs"]
mod time;
