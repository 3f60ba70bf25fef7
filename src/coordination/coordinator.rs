use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use super::{FlowState, Lease, LeaseResponse};
use crate::error::Error;
use crate::secret::AccessToken;

/// The return type of the trait's methods, which have to be usable through `dyn Coordinator`.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Coordinates the instances of one application; see the [module](super).
///
/// No method is called on the path of an ordinary request. A failure is an [`Error`] of kind
/// [`Store`](crate::ErrorKind::Store). Every entry expires. Names and flows are ASCII and are not
/// secret.
pub trait Coordinator: fmt::Debug + Send + Sync + 'static {
    /// Claims a flow for the caller, which then exchanges its code, and returns `None`; returns the
    /// state of the flow if it is already claimed. The flow is remembered for `time_to_live`.
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        time_to_live: Duration,
    ) -> BoxFuture<'a, Option<FlowState>>;

    /// Returns the state of a flow, or `None` if it is not claimed.
    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>>;

    /// Stores the outcome of a claimed flow for the other instances. Has no effect once the claim
    /// has expired.
    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()>;

    /// Stores that the upstream system rejected the code of a claimed flow.
    ///
    /// An unauthenticated client can cause any number of these, so the store keeps as little as
    /// possible: `note`, a number below 2^63. It is not secret and need not be encrypted: a forged
    /// one does no more harm than a deleted flow.
    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()>;

    /// Returns the live token whose fencing token is above `newer_than`; without one, grants the
    /// lease unless another instance holds it. Atomic.
    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse>;

    /// Publishes the token that was fetched under `lease`, for `lifetime` from now, and releases
    /// the lease.
    ///
    /// Returns `false`, and publishes nothing, if another lease was granted since: its token may
    /// have invalidated this one.
    fn publish_token<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> BoxFuture<'a, bool>;

    /// Releases a lease without a token. The next one is granted after `pause` at the earliest. Has
    /// no effect if the lease has expired.
    fn release_lease<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, ()>;
}
