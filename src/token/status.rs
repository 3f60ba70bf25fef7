use crate::error::ErrorKind;

/// State of a [`TokenCache`](super::TokenCache).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TokenStatus {
    /// No token, and no failure: none was requested, or the last one has expired.
    Absent,
    /// A token is ready.
    Fresh,
    /// A token is ready, but the last attempt to renew it failed.
    Ageing(ErrorKind),
    /// No token, and the last attempt to fetch one failed.
    Failing(ErrorKind),
}
