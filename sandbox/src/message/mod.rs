//! Messages between the sandbox and its clients: calls, replies, their JSON and their pages.

pub(crate) mod call;
pub(crate) mod page;
pub(crate) mod query;
pub(crate) mod render;
pub(crate) mod reply;
pub(crate) mod rewrite;
