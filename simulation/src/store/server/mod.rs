//! The server of the store model. Its commands are those of the Lua scripts of `RedisStore`; the
//! test program `redis` of the crate compares the two.

mod content;
mod coordination;
mod ledger;
mod server;
mod sessions;

pub(crate) use self::content::{Flow, SessionKey, StoredSession};
pub(crate) use self::coordination::LeaseReply;
pub(crate) use self::ledger::{Ended, Entry};
pub(crate) use self::server::{Message, Server};
pub(crate) use self::sessions::PreviousSession;
