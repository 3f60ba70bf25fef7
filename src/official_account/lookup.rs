use crate::error::{Error, ErrorKind};
use crate::flight::Caller;
use crate::identity::AccountAuthorization;

pub(super) type Outcome = Result<AccountAuthorization, Error>;

/// Result of a lookup in the cache.
pub(super) enum Lookup {
    Ready(Outcome),
    Waiting(Caller<Outcome>),
}

impl Lookup {
    pub(super) async fn outcome(self) -> Outcome {
        match self {
            Self::Ready(outcome) => outcome,
            Self::Waiting(caller) => {
                let outcome = caller.outcome().await;
                outcome.unwrap_or_else(|| Err(abandoned()))
            }
        }
    }
}

/// The call panicked, or the runtime was shut down.
pub(super) fn abandoned() -> Error {
    let context = "official account: the call was abandoned";
    Error::new(ErrorKind::Internal, context)
}
