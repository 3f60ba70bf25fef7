use std::fmt;
use std::sync::Arc;

use super::refresh::{Key, Lookup, Shared};
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// What is known of the official account of one school; from [`OfficialAccounts::school`](super::OfficialAccounts::school).
/// Cheap to clone.
#[derive(Clone)]
pub struct SchoolAccount {
    shared: Arc<Shared>,
    token: Arc<AppToken>,
    key: Key,
}

impl SchoolAccount {
    pub(super) fn new(shared: Arc<Shared>, token: AppToken) -> Self {
        Self { shared, key: Key::of(&token), token: Arc::new(token) }
    }

    /// What is known, asked for if need be.
    ///
    /// # Errors
    ///
    /// Those of [`OfficialAccounts::get`](super::OfficialAccounts::get).
    pub async fn get(&self) -> Result<AccountAuthorization, Error> {
        self.look_up().outcome().await
    }

    /// The same if it is fresh. Asks nobody.
    #[must_use]
    pub fn peek(&self) -> Option<AccountAuthorization> {
        self.shared.peek(self.key)
    }

    /// Forgets what is known; see [`OfficialAccounts::invalidate`](super::OfficialAccounts::invalidate).
    pub fn invalidate(&self) {
        self.shared.invalidate(self.key);
    }

    /// The answer, or a place among those who wait for it.
    pub(super) fn look_up(&self) -> Lookup {
        self.shared.look_up(self.key, &self.token)
    }
}

impl fmt::Debug for SchoolAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchoolAccount").field("client", &self.shared.client).finish_non_exhaustive()
    }
}
