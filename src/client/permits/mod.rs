//! Bounded pools of permits for calls to an upstream host.
//!
//! 1. All clients of one host (with its port) in this process share one pool. The client that is
//!    built first determines its size; another size for the same host is a configuration error.
//! 2. A caller waits for a permit for a limited time, in a queue of limited length. Beyond either
//!    limit the call fails with [`Overloaded`](crate::ErrorKind::Overloaded), and nothing was sent.
//! 3. A permit returns to its pool when it is dropped, so a future that is dropped or that panics
//!    keeps none.
//! 4. The fetch of an access token needs no permit, because callers that hold a permit may wait for
//!    it.

mod limits;
mod permit;
mod permits;
mod pool;
mod queue;
#[cfg(test)]
mod tests;

pub(super) use limits::CallLimits;
pub use permit::Permit;
pub use permits::Permits;
