use super::SessionSalt;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::login::return_to::ReturnTo;

/// The result of an exchange.
#[derive(Clone, Debug)]
pub(in crate::login) enum Outcome {
    LoggedIn {
        salt: SessionSalt,
        return_to: ReturnTo,
    },
    Failed(Error),
}

/// A completed exchange.
#[derive(Clone, Debug)]
pub(in crate::login) struct Finished {
    pub(super) outcome: Outcome,
    pub(super) at: Timestamp,
}
