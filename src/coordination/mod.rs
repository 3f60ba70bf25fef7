//! What the instances of one site share besides sessions.
//!
//! A site that runs on several instances has one access token of the application, because a new one may end the old
//! one, and spends a one-time code once, wherever the callbacks arrive that bring it. [`Coordinator`] is where they agree.
//! A [store](crate::store::SessionStore::coordinator) that is shared brings one along; the login layer and its provider take
//! it from there. With a store of one process there is none, and nothing here is used.

mod flow;
#[cfg(test)]
pub(crate) mod table;
mod token;

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

pub use self::flow::Flow;
pub use self::token::{Grant, Lease, SharedToken};
use crate::error::Error;
use crate::token::AccessToken;

/// An answer that takes a while.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Where the instances of one site agree on who does what is to be done once.
///
/// Nothing here is in the path of an ordinary request. A failure is an [`Error`] of kind
/// [`Store`](crate::ErrorKind::Store). What is kept is kept for a time; nothing stays for ever. Names and flows are
/// ASCII and hold no secret.
pub trait Coordinator: fmt::Debug + Send + Sync + 'static {
    /// Makes the caller the one who spends the code of `flow`, and answers `None`; or tells what is known of the flow,
    /// if somebody was earlier. It is known for `kept_for`.
    fn claim_flow<'a>(&'a self, flow: &'a str, kept_for: Duration) -> Reply<'a, Option<Flow>>;

    /// What is known of a flow; `None` if nobody has claimed it.
    fn flow<'a>(&'a self, flow: &'a str) -> Reply<'a, Option<Flow>>;

    /// How the exchange of a claimed flow ended, for the others. Once the claim is forgotten it has no effect.
    fn settle_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> Reply<'a, ()>;

    /// The same for a code that the upstream system refused. An unauthenticated client can cause any number of these: the
    /// store keeps as little as it can, which is a number below 2^63. It is not secret, and it does not have to be
    /// encrypted: a forged one does no more harm than a deleted flow.
    fn refuse_flow<'a>(&'a self, flow: &'a str, note: u64) -> Reply<'a, ()>;

    /// A token that was kept under a fence above `newer_than` and has not ended, or the right to fetch one, if nobody
    /// else has it. All in one step.
    fn lease_token<'a>(&'a self, name: &'a str, newer_than: u64) -> Reply<'a, Lease>;

    /// Keeps the token that was fetched with a grant, for `lifetime` from now, and gives the grant back. `false`, and
    /// nothing is kept, if another grant was given since: the token may have been ended by its successor.
    fn keep_token<'a>(
        &'a self,
        name: &'a str,
        grant: &'a Grant,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> Reply<'a, bool>;

    /// Gives a grant back without a token. Nobody gets another one before `pause` is over. Has no effect if the grant
    /// has ended by itself.
    fn end_lease<'a>(&'a self, name: &'a str, grant: &'a Grant, pause: Duration) -> Reply<'a, ()>;
}
