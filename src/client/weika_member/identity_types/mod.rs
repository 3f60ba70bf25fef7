//! Cache of a school's list of identity types.

mod cache;
mod handle;

pub(super) use self::cache::DEFAULT_TIME_TO_LIVE;
pub use self::handle::IdentityTypes;
