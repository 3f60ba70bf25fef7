//! Helpers for tests (feature `testing`).
//!
//! [`store_contract`](mod@self::store_contract) holds the tests that every [`SessionStore`](crate::store::SessionStore) must pass. Enable the
//! feature for dev-dependencies only.

pub mod store_contract;

#[doc(inline)]
pub use crate::__store_contract as store_contract;
