//! Power failures, the number of syncs, and a slow disk.
//!
//! Child processes use a disk that loses unsynced writes, counts syncs, or is slow: a library of C
//! that is preloaded. `tests/run` installs the compiler and runs these tests, which `cargo test`
//! skips.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "the figures of the tests")]

#[path = "../support/alone.rs"]
mod alone;
#[path = "../support/child.rs"]
#[expect(dead_code, reason = "`processes` uses the rest of it")]
mod child;
mod disk;
mod group_commit;
#[path = "../support/load.rs"]
mod load;
mod power_failure;
mod preload;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/site.rs"]
#[expect(dead_code, reason = "`processes` uses the rest of it")]
mod site;
mod slow_disk;
#[path = "../support/store.rs"]
mod store;
#[path = "../support/time.rs"]
mod time;
