//! Sessions in the memory of this process.

mod builder;
mod content;
mod revocations;
mod store;
mod subject_index;
#[cfg(test)]
mod tests;

pub use self::builder::MemoryStoreBuilder;
pub use self::store::MemoryStore;
