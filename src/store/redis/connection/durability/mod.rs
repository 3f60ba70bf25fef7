//! Warnings about a server that may lose sessions and revocations: it evicts keys, or it has no persistence.

mod facts;
mod inspect;
mod warnings;

pub(super) use self::inspect::inspect;
