//! A token for all instances, and the right to fetch the next one.

use std::time::Duration;

use crate::token::AccessToken;

/// The answer to [`Coordinator::lease_token`](super::Coordinator::lease_token).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Lease {
    /// There is a newer token.
    Newer(SharedToken),
    /// Somebody else is fetching one, or has just failed to.
    Taken,
    /// The caller shall fetch one.
    Granted(Grant),
}

/// A token that the instances share.
#[derive(Clone, Debug)]
pub struct SharedToken {
    token: AccessToken,
    fence: u64,
    remaining: Duration,
}

impl SharedToken {
    /// A token that was kept under `fence` and ends after `remaining`.
    #[must_use]
    pub fn new(token: AccessToken, fence: u64, remaining: Duration) -> Self {
        Self {
            token,
            fence,
            remaining,
        }
    }

    /// The token itself.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// The number of the grant with which it was fetched.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// How long it is still good for.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.remaining
    }
}

/// The right to fetch a token. It ends by itself after [`LIFETIME`](Self::LIFETIME), because its holder may be gone.
#[derive(Clone, Debug)]
pub struct Grant {
    owner: String,
    fence: u64,
    last: Option<Duration>,
    died_young: u32,
}

impl Grant {
    /// After this time somebody else may get a grant.
    pub const LIFETIME: Duration = Duration::from_secs(10);

    /// A token that is replaced within this time after it was kept, and in the first half of its life, has died young.
    /// Whoever keeps the next one then counts one more, and begins again with zero otherwise.
    pub const YOUNG: Duration = Duration::from_secs(60);

    /// A grant with a random, unique `owner`, and a `fence` above that of every grant before it. `last` is how long
    /// ago a token was last kept, and `died_young` how many tokens in a row, before that one, were
    /// [young](Self::YOUNG) when they were replaced.
    #[must_use]
    pub fn new(owner: String, fence: u64, last: Option<Duration>, died_young: u32) -> Self {
        Self {
            owner,
            fence,
            last,
            died_young,
        }
    }

    /// Whose grant it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its number.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// How long ago a token was last kept; `None` if that is not known.
    #[must_use]
    pub fn last(&self) -> Option<Duration> {
        self.last
    }

    /// How many tokens in a row were young when they were replaced, not counting the one that is there now.
    #[must_use]
    pub fn died_young(&self) -> u32 {
        self.died_young
    }
}
