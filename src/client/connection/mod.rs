//! Connection of a client to one upstream system: its base URL, its transport, its limits and its
//! permits.

mod body;
mod connection;
mod methods;
mod settings;

pub(crate) use body::encoded;
pub(super) use body::{JSON, json};
pub(super) use connection::Connection;
pub(super) use methods::connection_methods;
pub(super) use settings::ConnectionSettings;
