use std::fmt;
use std::sync::Arc;

use super::entry::Key;
use super::inner::Inner;
use super::{OfficialAccountsBuilder, SchoolAccount};
use crate::client::kesion::KesionClient;
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// Cache of the official accounts of schools; see the [module](super) for the rules. Clones share it.
#[derive(Clone)]
pub struct OfficialAccounts {
    pub(super) inner: Arc<Inner>,
}

impl OfficialAccounts {
    /// Creates an empty cache in front of `client`, on the system's clock.
    #[must_use]
    pub fn new(client: KesionClient) -> Self {
        Self::builder(client).build()
    }

    /// Returns a builder with the default settings.
    pub fn builder(client: KesionClient) -> OfficialAccountsBuilder {
        OfficialAccountsBuilder::new(client)
    }

    pub(super) fn from_inner(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Returns the authorization of the school of `token`, and calls Kesion if there is no fresh answer.
    ///
    /// # Errors
    ///
    /// Those of [`KesionClient::official_account`], also while the cache backs off from one;
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) if the call panics or if there is no Tokio runtime.
    pub async fn get(&self, token: &AppToken) -> Result<AccountAuthorization, Error> {
        self.inner.look_up(Key::of(token), token).outcome().await
    }

    /// Returns the cached answer if it is fresh. Starts no call.
    #[must_use]
    pub fn peek(&self, token: &AppToken) -> Option<AccountAuthorization> {
        self.inner.peek(Key::of(token))
    }

    /// Drops the cached answer for the school of `token`, and a failure that is backed off from. A running call serves
    /// the callers that wait for it, and no later ones.
    pub fn invalidate(&self, token: &AppToken) {
        self.inner.invalidate(Key::of(token));
    }

    /// Returns the account of the school of `token`, through this cache.
    #[must_use]
    pub fn school_account(&self, token: impl Into<AppToken>) -> SchoolAccount {
        SchoolAccount::new(Arc::clone(&self.inner), token.into())
    }
}

impl fmt::Debug for OfficialAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfficialAccounts")
            .field("client", &self.inner.client)
            .finish_non_exhaustive()
    }
}
