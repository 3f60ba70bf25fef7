use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::lookup::Outcome;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flight::Flight;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// Key of a school in the cache: a digest of its apptoken, so that the cache holds no secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of(token: &AppToken) -> Self {
        Self(Sha256::digest(token.expose()).into())
    }
}

/// Cache entry of one school.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) answer: ArcSwapOption<Answer>,
    /// Only callers without a fresh answer take this lock, and never across an await.
    pub(super) refresh: Mutex<Refresh>,
}

/// An answer of Kesion, and when it was requested.
pub(super) struct Answer {
    pub(super) authorization: AccountAuthorization,
    pub(super) since: Timestamp,
}

/// State of the calls about one school.
#[derive(Default)]
pub(super) struct Refresh {
    pub(super) flight: Option<Flight<Outcome>>,
    /// How the last call failed, unless one has succeeded since.
    pub(super) failure: Option<Failure>,
}

pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) since: Timestamp,
}

impl Entry {
    /// Returns the answer if it is younger than `age`.
    pub(super) fn within(&self, age: Duration, now: Timestamp) -> Option<AccountAuthorization> {
        let answer = self.answer.load();
        let answer = answer.as_ref()?;
        (now.since(answer.since) < age).then(|| answer.authorization.clone())
    }
}
