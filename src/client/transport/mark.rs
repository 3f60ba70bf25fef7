//! What a transport may say about its own failures.

use std::error::Error as StdError;
use std::fmt;

use crate::error::BoxError;

/// In the source chain of a transport's error: nothing of the request was sent, it may be sent again.
///
/// Whoever claims this wrongly makes one-time codes be spent twice.
#[derive(Debug)]
pub struct NotSent(BoxError);

impl NotSent {
    /// Marks an error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was sent")
    }
}

impl StdError for NotSent {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

/// In the source chain of a transport's error: the response did not come in time.
#[derive(Debug)]
pub struct TimedOut(BoxError);

impl TimedOut {
    /// Marks an error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no response in time")
    }
}

impl StdError for TimedOut {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
