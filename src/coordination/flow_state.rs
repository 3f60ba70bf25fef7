use std::fmt;
use std::time::Duration;

/// State of a claimed flow.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlowState {
    /// An instance is exchanging the code, or has died while it was.
    Claimed {
        /// Time since the claim.
        age: Duration,
    },
    /// The exchange is complete.
    Completed {
        /// The outcome as the claiming instance serialized it.
        outcome: Vec<u8>,
    },
    /// The exchange is complete: the upstream system rejected the code.
    Rejected {
        /// Time and reason as the claiming instance encoded them.
        note: u64,
    },
}

impl fmt::Debug for FlowState {
    /// Without the outcome, which can hold what a session id is derived from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claimed { age } => f.debug_struct("Claimed").field("age", age).finish(),
            Self::Rejected { note } => f.debug_struct("Rejected").field("note", note).finish(),
            Self::Completed { .. } => f.debug_struct("Completed").finish_non_exhaustive(),
        }
    }
}
