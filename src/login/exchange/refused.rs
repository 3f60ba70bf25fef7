use super::{Finished, Outcome};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};

/// A completed exchange whose code the upstream system rejected. An unauthenticated client can
/// cause any number of them, so they are kept in a few bytes, here and at the other instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub(super) at: Timestamp,
    /// The number that the upstream system gave.
    pub(super) errcode: Option<i64>,
}

impl Refused {
    /// [`to_number`](Self::to_number) keeps numbers of the upstream system from 0 to 999,998.
    const ERRCODES: u64 = 1_000_000;

    /// Returns `None` if the exchange has another outcome.
    pub(super) fn of(finished: &Finished) -> Option<Self> {
        match &finished.outcome {
            Outcome::Failed(error) if error.kind() == ErrorKind::InvalidCode => Some(Self {
                at: finished.at,
                errcode: error.upstream_code(),
            }),
            _ => None,
        }
    }

    pub(super) fn finished(self) -> Finished {
        let context = "the upstream system rejected the code";
        let error = Error::new(ErrorKind::InvalidCode, context);
        let error = self
            .errcode
            .into_iter()
            .fold(error, Error::with_upstream_code);
        Finished {
            outcome: Outcome::Failed(error),
            at: self.at,
        }
    }

    /// Combines milliseconds and the upstream system's number in one number, for the other
    /// instances: a store keeps that in fewer bytes than text.
    pub(super) fn to_number(self) -> u64 {
        let errcode = self.errcode.and_then(|errcode| u64::try_from(errcode).ok());
        let stored = errcode
            .map(|errcode| errcode.saturating_add(1))
            .filter(|stored| *stored < Self::ERRCODES)
            .unwrap_or(0);
        let millis = self.at.unix_millis();
        millis.saturating_mul(Self::ERRCODES).saturating_add(stored)
    }

    /// Reads the result of [`to_number`](Self::to_number). Every number is valid.
    pub(super) fn from_number(number: u64) -> Self {
        let errcode = (number % Self::ERRCODES).checked_sub(1);
        Self {
            at: Timestamp::from_unix_millis(number / Self::ERRCODES),
            errcode: errcode.and_then(|errcode| i64::try_from(errcode).ok()),
        }
    }
}
