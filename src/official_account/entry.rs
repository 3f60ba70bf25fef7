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
    pub(super) response: ArcSwapOption<CachedResponse>,
    /// Only callers without a fresh response take this lock, and never across an await.
    pub(super) refresh: Mutex<Refresh>,
}

/// A response of Kesion, and when it was requested.
pub(super) struct CachedResponse {
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
    /// Returns the response if it is younger than `age`.
    pub(super) fn within(&self, age: Duration, now: Timestamp) -> Option<AccountAuthorization> {
        let response = self.response.load();
        let response = response.as_ref()?;
        (now.since(response.since) < age).then(|| response.authorization.clone())
    }
}
