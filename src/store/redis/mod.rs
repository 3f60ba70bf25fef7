//! Redis or Valkey, for the instances of one application.

mod builder;
mod connection;
mod coordinator;
mod handle;
mod insert;
mod invalidation;
mod keys;
mod lease_reply;
mod list;
mod load;
mod revoke;
mod script;
mod status;
mod store;
mod time_to_live;
mod touch;

pub use self::builder::RedisBuilder;
pub use self::handle::Redis;
pub use self::status::RedisStatus;
pub use self::store::RedisStore;
