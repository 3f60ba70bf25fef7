use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::refresh::{Key, Lookup, Shared};
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// What is known of the official account of one school; from [`OfficialAccounts::school`](super::OfficialAccounts::school).
/// Cheap to clone; clones share the token.
///
/// An apptoken is what Kesion gives to somebody who logs in there. When it ends, Kesion says no more than that
/// something is wrong: give the next one to [`set_token`](Self::set_token).
#[derive(Clone)]
pub struct SchoolAccount {
    shared: Arc<Shared>,
    ticket: Arc<ArcSwap<Ticket>>,
}

struct Ticket {
    key: Key,
    token: AppToken,
}

impl Ticket {
    fn new(token: AppToken) -> Self {
        Self {
            key: Key::of(&token),
            token,
        }
    }
}

impl SchoolAccount {
    pub(super) fn new(shared: Arc<Shared>, token: AppToken) -> Self {
        Self {
            shared,
            ticket: Arc::new(ArcSwap::from_pointee(Ticket::new(token))),
        }
    }

    /// Another token for the same school, from now on and for all clones. What is known by the former one is not
    /// served any more.
    pub fn set_token(&self, token: impl Into<AppToken>) {
        self.ticket.store(Arc::new(Ticket::new(token.into())));
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
        self.shared.peek(self.ticket.load().key)
    }

    /// The same, fresh or not, at once; what is not fresh is asked for in the background. For whoever cannot wait.
    #[must_use]
    pub fn known(&self) -> Option<AccountAuthorization> {
        let ticket = self.ticket.load();
        self.shared.known(ticket.key, &ticket.token)
    }

    /// Forgets what is known; see [`OfficialAccounts::invalidate`](super::OfficialAccounts::invalidate).
    pub fn invalidate(&self) {
        self.shared.invalidate(self.ticket.load().key);
    }

    /// The answer, or a place among those who wait for it.
    pub(super) fn look_up(&self) -> Lookup {
        let ticket = self.ticket.load();
        self.shared.look_up(ticket.key, &ticket.token)
    }
}

impl fmt::Debug for SchoolAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchoolAccount")
            .field("client", &self.shared.client)
            .finish_non_exhaustive()
    }
}
