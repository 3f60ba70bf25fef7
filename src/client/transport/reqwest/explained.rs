//! A failed connection with its remedy.

use std::error::Error as StdError;
use std::fmt;

use crate::error::BoxError;

/// A failure and its remedy: displays the remedy, and has the failure as its source.
#[derive(Debug)]
pub(super) struct Explained {
    remedy: String,
    source: BoxError,
}

impl Explained {
    pub(super) fn new(remedy: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self {
            remedy: remedy.into(),
            source: source.into(),
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.remedy)
    }
}

impl StdError for Explained {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
