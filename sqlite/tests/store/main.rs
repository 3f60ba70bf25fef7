//! The store over a real file.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod contract;
mod coordination;
mod files;
#[cfg(target_os = "linux")]
mod full_disk;
mod kit;
mod processes;
mod size;
