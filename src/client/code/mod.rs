//! Error numbers of the upstream systems: what each means, how the clients treat it, and what to change.
//!
//! The numbers of Weika and of WeChat overlap and mean different things (40001, 40002, 40003). Therefore each
//! upstream system has its own table.

mod binding;
mod entry;
mod kesion;
mod table;
#[cfg(test)]
mod tests;
mod weika;

pub use entry::{CodeEntry, Reaction};
pub use table::CodeTable;
