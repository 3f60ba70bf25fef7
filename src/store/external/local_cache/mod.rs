//! Local cache of the sessions of a store outside this process.

mod cache;
mod confirmation;
mod invalidate;
#[cfg(test)]
mod tests;
mod validity;

pub use self::cache::{Cached, LocalCache, ReadStart};
pub use self::invalidate::Invalidate;
pub use self::validity::CacheValidity;
