//! Coordination between the instances of one site: one-time flow claims and a token lease.
//!
//! A site that runs as several instances needs more than shared sessions:
//!
//! 1. **A flow claim.** The callbacks of one login may arrive at any instance, and its authorization code must be
//!    exchanged once. The first instance claims the flow; the others wait for its outcome.
//! 2. **A token lease.** A new access token of the application may invalidate the previous one. One instance at a time
//!    holds the lease and fetches; the others adopt its token. Fencing tokens keep an instance that was too slow from
//!    overwriting a newer token.
//!
//! [`Coordinator`] is the interface of both. A shared store [brings one along](crate::store::SessionStore::coordinator),
//! and the login layer attaches it to its provider's token cache
//! ([`TokenCache::attach_coordinator`](crate::token::TokenCache::attach_coordinator)). A store of one process has none.

mod coordinator;
mod flow_state;
mod lease;
mod lease_response;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use self::coordinator::BoxFuture;
pub use self::coordinator::Coordinator;
pub use self::flow_state::FlowState;
pub use self::lease::Lease;
pub use self::lease_response::LeaseResponse;
