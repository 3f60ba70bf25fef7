//! What the instances know of a flow.

use std::fmt;
use std::time::Duration;

/// A flow that somebody has claimed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// Its code is being spent, or whoever was about to is gone.
    Claimed {
        /// How long ago the claim was made.
        age: Duration,
    },
    /// The exchange has ended.
    Settled {
        /// How it ended, as the one who claimed the flow wrote it down.
        outcome: Vec<u8>,
    },
    /// The exchange has ended: the upstream system refused the code.
    Refused {
        /// When and why, as the one who claimed the flow wrote it down.
        note: u64,
    },
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claimed { age } => f.debug_struct("Claimed").field("age", age).finish(),
            Self::Refused { note } => f.debug_struct("Refused").field("note", note).finish(),
            Self::Settled { .. } => f.debug_struct("Settled").finish_non_exhaustive(),
        }
    }
}
