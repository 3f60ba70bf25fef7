//! Local cache of the sessions of a remote store.
//!
//! A cached session is served only while the invalidation channel is known to be healthy ([`CacheValidity`]), and for
//! 60 s after the store confirmed it (rule S7): a record can be lost at the store without a message.

mod cache;
mod confirmation;
mod digest;
mod invalidate;
#[cfg(test)]
mod tests;
mod validity;

pub(super) use self::cache::{LocalCache, ReadStart};
pub(super) use self::digest::SessionDigest;
pub(super) use self::invalidate::Invalidate;
pub(super) use self::validity::CacheValidity;
