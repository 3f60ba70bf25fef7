//! The limits that a callback passes before its code is sent (rules A1 to A3).
//!
//! In this order, each before anything is sent:
//! 1. the client's bucket has a token, and the ceiling per minute is not reached;
//! 2. the provider admits: its access token is ready, and there is a permit of the upstream host.
//!    This wait ends with the last client;
//! 3. the token of the bucket and one of the minute's exchanges are taken, and a bounded number of
//!    claims;
//! 4. where instances share a store, the flow is claimed. If another instance has it, everything is
//!    given back.

mod admission;
mod buckets;
mod client_key;
mod quota;
mod throttle;

pub(super) use self::admission::{Admission, AdmissionSettings, Admitted};
pub use self::client_key::{ClientKey, IdentifyClient};
pub use self::throttle::Throttle;
