//! Redis or Valkey, shared by the instances of a site.

mod builder;
mod coordinator;
mod handle;
mod lease_reply;
mod link;
mod listen;
mod load;
mod names;
mod record;
mod script;
mod seal;
mod sessions;

pub use self::builder::RedisBuilder;
pub use self::handle::{Redis, RedisStatus};
pub use self::load::RedisLoad;
pub use self::sessions::RedisStore;
