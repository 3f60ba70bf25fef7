//! Bounded concurrent map of sessions. Every request reads it, only logins and revocations change it: reads take no
//! lock.

mod eviction_queue;
mod key;
mod map;
#[cfg(test)]
mod tests;

pub(super) use self::key::SessionKey;
pub(super) use self::map::SessionMap;
