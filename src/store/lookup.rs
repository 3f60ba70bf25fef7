//! Result of a look-up.

use std::sync::Arc;

use derive_where::derive_where;

use crate::error::Error;
use crate::session::Session;

/// A session, or none under this id, or a failure of the store.
pub type LoadResult<I> = Result<Option<Arc<Session<I>>>, Error>;

/// Result of [`SessionStore::load`](super::SessionStore::load): a session in memory needs no future.
#[derive_where(Debug; I: std::fmt::Debug)]
#[non_exhaustive]
pub enum Lookup<I, F> {
    /// The result itself.
    Ready(LoadResult<I>),
    /// The future of the result.
    Pending(#[derive_where(skip(Debug))] F),
}
