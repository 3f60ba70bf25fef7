use super::{Finished, JOIN_WINDOW, NotStarted, Outcome, SessionSalt};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::flight::Caller;
use crate::login::return_to::ReturnTo;
#[cfg(simulation)]
use crate::simulation::PlantedFault;

/// The result of the task of an exchange.
pub(super) type TaskResult = Result<Finished, NotStarted>;

/// The exchange of one flow.
#[derive(Clone)]
pub(in crate::login) enum Exchange {
    Finished(Finished),
    /// The caller counts as a client.
    Running(Caller<TaskResult>),
}

impl Exchange {
    /// Waits for the result.
    pub(in crate::login) async fn outcome(self) -> Result<Outcome, NotStarted> {
        match self {
            Self::Finished(finished) => Ok(finished.outcome),
            Self::Running(caller) => match caller.outcome().await {
                Some(result) => result.map(|finished| finished.outcome),
                None => Ok(Outcome::Failed(abandoned())),
            },
        }
    }

    /// Returns the salt and the target of a successful login.
    pub(in crate::login) fn logged_in(&self) -> Option<(SessionSalt, ReturnTo)> {
        let outcome = match self {
            Self::Finished(finished) => finished.outcome.clone(),
            Self::Running(caller) => caller.peek()?.ok()?.outcome,
        };
        match outcome {
            Outcome::LoggedIn { salt, return_to } => Some((salt, return_to)),
            Outcome::Failed(_) => None,
        }
    }

    /// Whether a repeated callback may still share the outcome.
    pub(in crate::login) fn is_joinable(&self, now: Timestamp) -> bool {
        match self {
            #[cfg(simulation)]
            Self::Finished(finished) if PlantedFault::JoinWindow.is_planted() => {
                now.since(finished.at) <= JOIN_WINDOW
            }
            Self::Finished(finished) => now.since(finished.at) < JOIN_WINDOW,
            Self::Running(_) => true,
        }
    }
}

/// The error of a task that panicked, or whose runtime was shut down.
pub(in crate::login) fn abandoned() -> Error {
    Error::new(ErrorKind::Internal, "the code exchange was abandoned")
}
