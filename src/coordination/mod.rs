//! Coordination between the instances of one application: one-time flow claims and a token lease.
//!
//! An application that runs as several instances needs more than shared sessions:
//!
//! 1. **A flow claim.** The callbacks of one login may arrive at any instance, and its
//!    authorization code must be exchanged once. The first instance claims the flow; the others
//!    wait for its outcome.
//! 2. **A token lease.** A new access token of the application may invalidate the previous one. One
//!    instance at a time holds the lease and fetches; the others adopt its token. Fencing tokens
//!    keep an instance that was too slow from overwriting a newer token.
//!
//! [`Coordinator`] is the interface of both. A shared store [brings one
//! along](crate::store::SessionStore::coordinator), and the login layer attaches it to its
//! provider's token cache
//! ([`TokenCache::attach_coordinator`](crate::token::TokenCache::attach_coordinator)). A store of
//! one process has none.
//!
//! The login layer uses a claim like this:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_weika::Error;
//! use tower_weika::coordination::{Coordinator, FlowState};
//!
//! async fn outcome_of(
//!     flow: &str,
//!     coordinator: &dyn Coordinator,
//! ) -> Result<Option<Vec<u8>>, Error> {
//!     match coordinator.claim_flow(flow, Duration::from_secs(660)).await? {
//!         // This instance holds the claim: it exchanges the code, and publishes the outcome.
//!         None => {
//!             let outcome = b"serialized outcome".to_vec();
//!             coordinator.complete_flow(flow, &outcome).await?;
//!             Ok(Some(outcome))
//!         }
//!         // Another instance has exchanged the code.
//!         Some(FlowState::Completed { outcome }) => Ok(Some(outcome)),
//!         // Another instance is exchanging the code: poll `flow_state`. Or the code was rejected.
//!         Some(_) => Ok(None),
//!     }
//! }
//! ```

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
