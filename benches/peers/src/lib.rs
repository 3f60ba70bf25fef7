//! What tower-weika is compared with: layers with sessions, and caches of an access token.

pub mod caches;
pub mod candidates;
