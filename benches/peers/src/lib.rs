//! The peers of tower-weika: layers with sessions, and caches of an access token.

pub mod caches;
pub mod candidates;
