//! Transport of requests: any Tower service that speaks HTTP, behind one type.

mod attempt;
mod failure;
mod limits;
#[cfg(feature = "client")]
mod reqwest;
#[cfg(test)]
mod tests;
mod transport;

pub use failure::TransportFailure;
pub(super) use limits::Limits;
pub use transport::Transport;
