use tokio::sync::watch;

use super::{Finished, JOIN_WINDOW, NotStarted, Outcome, SessionSalt};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::login::return_to::ReturnTo;

/// The result of the task of an exchange.
pub(super) type TaskResult = Result<Finished, NotStarted>;

/// The exchange of one flow.
#[derive(Clone, Debug)]
pub(in crate::login) enum Exchange {
    Finished(Finished),
    /// The receiver counts as a client.
    Running(watch::Receiver<Option<TaskResult>>),
}

impl Exchange {
    /// Waits for the result.
    pub(in crate::login) async fn outcome(self) -> Result<Outcome, NotStarted> {
        let mut result = match self {
            Self::Finished(finished) => return Ok(finished.outcome),
            Self::Running(result) => result,
        };
        match result.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(finished))) => Ok(finished.outcome.clone()),
            Ok(Some(Err(reason))) => Err(reason.clone()),
            Ok(None) | Err(_) => Ok(abandoned()),
        }
    }

    /// Returns the salt and the target of a successful login.
    pub(in crate::login) fn logged_in(&self) -> Option<(SessionSalt, ReturnTo)> {
        let logged_in = |finished: &Finished| match &finished.outcome {
            Outcome::LoggedIn { salt, return_to } => Some((*salt, return_to.clone())),
            Outcome::Failed(_) => None,
        };
        match self {
            Self::Finished(finished) => logged_in(finished),
            Self::Running(result) => match &*result.borrow() {
                Some(Ok(finished)) => logged_in(finished),
                Some(Err(_)) | None => None,
            },
        }
    }

    /// Whether a repeated callback may still share the outcome.
    pub(in crate::login) fn is_joinable(&self, now: Timestamp) -> bool {
        match self {
            Self::Finished(finished) => now.since(finished.at) < JOIN_WINDOW,
            Self::Running(_) => true,
        }
    }
}

/// The outcome of a task that panicked, or whose runtime was shut down.
pub(super) fn abandoned() -> Outcome {
    let context = "the code exchange was abandoned";
    Outcome::Failed(Error::new(ErrorKind::Internal, context))
}
