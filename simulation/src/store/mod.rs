//! Model of a shared store: the server, and the client that an instance has.

mod client;
mod coordinator;
mod link;
mod server;
mod subscriber;
#[cfg(test)]
mod tests;

pub(crate) use self::client::StoreClient;
pub(crate) use self::link::StoreLink;
pub(crate) use self::server::{Ended, Entry, LeaseReply, Server, SessionKey};
pub(crate) use self::subscriber::Subscriber;
