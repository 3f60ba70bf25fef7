use std::error::Error as StdError;
use std::io;

use crate::error::{BoxError, ErrorKind};

/// A failure that a transport reports, anywhere in the source chain of its error.
///
/// An error without it means that the request may have taken effect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportFailure {
    /// Nothing of the request was sent, so it may be sent again. If that is untrue, a client sends an authorization
    /// code twice.
    #[error("nothing was sent")]
    NotSent(#[source] BoxError),
    /// The response did not arrive in time.
    #[error("no response in time")]
    TimedOut(#[source] BoxError),
}

impl TransportFailure {
    /// Returns the kind of an error of a transport that was called.
    pub(super) fn kind_of(error: &(dyn StdError + 'static)) -> ErrorKind {
        if chain(error).any(|error| matches!(error.downcast_ref(), Some(Self::NotSent(_)))) {
            ErrorKind::Connect
        } else if chain(error).any(is_timeout) {
            ErrorKind::Timeout
        } else {
            ErrorKind::Lost
        }
    }
}

fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    matches!(error.downcast_ref(), Some(TransportFailure::TimedOut(_)))
        || io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// Returns the error and its sources. Unlike the `source` of an I/O error, this includes the error that it wraps.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| inner(*error))
}

fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped))
}
