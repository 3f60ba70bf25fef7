use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::entry::Key;
use super::inner::Inner;
use super::lookup::Lookup;
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// The official account of one school, through the cache; from
/// [`OfficialAccounts::school_account`](super::OfficialAccounts::school_account). Cheap to clone; clones share the
/// apptoken.
///
/// Kesion issues an apptoken to an administrator who logs in there. When it expires, Kesion only reports that something
/// is wrong: pass the next one to [`set_token`](Self::set_token).
#[derive(Clone)]
pub struct SchoolAccount {
    inner: Arc<Inner>,
    credential: Arc<ArcSwap<Credential>>,
}

struct Credential {
    key: Key,
    token: AppToken,
}

impl Credential {
    fn new(token: AppToken) -> Self {
        Self {
            key: Key::of(&token),
            token,
        }
    }
}

impl SchoolAccount {
    pub(super) fn new(inner: Arc<Inner>, token: AppToken) -> Self {
        Self {
            inner,
            credential: Arc::new(ArcSwap::from_pointee(Credential::new(token))),
        }
    }

    /// Replaces the apptoken of the same school, for all clones. Answers that were requested with the previous one are
    /// not served any more.
    pub fn set_token(&self, token: impl Into<AppToken>) {
        self.credential
            .store(Arc::new(Credential::new(token.into())));
    }

    /// Returns the authorization of the account, and calls Kesion if there is no fresh answer.
    ///
    /// # Errors
    ///
    /// Those of [`OfficialAccounts::get`](super::OfficialAccounts::get).
    pub async fn get(&self) -> Result<AccountAuthorization, Error> {
        self.look_up().outcome().await
    }

    /// Returns the cached answer if it is fresh. Starts no call.
    #[must_use]
    pub fn peek(&self) -> Option<AccountAuthorization> {
        self.inner.peek(self.credential.load().key)
    }

    /// Returns the cached answer, fresh or stale, without waiting. Starts a call in the background if it is not fresh
    /// (stale-while-revalidate).
    #[must_use]
    pub fn cached(&self) -> Option<AccountAuthorization> {
        let credential = self.credential.load();
        self.inner.cached(credential.key, &credential.token)
    }

    /// Drops the cached answer; see [`OfficialAccounts::invalidate`](super::OfficialAccounts::invalidate).
    pub fn invalidate(&self) {
        self.inner.invalidate(self.credential.load().key);
    }

    pub(super) fn look_up(&self) -> Lookup {
        let credential = self.credential.load();
        self.inner.look_up(credential.key, &credential.token)
    }
}

impl fmt::Debug for SchoolAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchoolAccount")
            .field("client", &self.inner.client)
            .finish_non_exhaustive()
    }
}
