//! The store over a real file.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod contract;
mod coordination;
mod files;
mod kit;
mod processes;
mod size;
