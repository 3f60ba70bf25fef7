//! The file: opening and checking it, its schema, and its identity.

mod connection;
mod file;
mod schema;

pub(crate) use self::connection::{connect, read_only};
pub(crate) use self::file::FileIdentity;
pub(crate) use self::schema::prepare;
