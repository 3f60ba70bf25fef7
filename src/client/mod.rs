//! Calls to the upstream systems, with or without the login layer around them.
//!
//! Every upstream system has a client of its own, a table of its own for its error numbers, and one
//! [`Transport`] beneath. What they share is how an answer is read: strictly as JSON, leniently as to the types
//! of what is in it, and never as a success unless it says so.

pub mod binding;
mod call_future;
mod code;
mod connection;
mod envelope;
mod host;
pub mod kesion;
mod lenient;
mod transport;
pub mod weika;

pub use call_future::CallFuture;
pub use code::{CodeEntry, CodeTable, Reaction};
pub(crate) use connection::encoded;
pub(crate) use host::{BaseUrl, is_loopback};
pub use transport::{NotSent, RequestBody, TimedOut, Transport};
