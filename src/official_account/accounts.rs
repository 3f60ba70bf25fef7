//! The public face of the cache.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::refresh::{Key, Shared};
use super::school::SchoolAccount;
use crate::client::kesion::KesionClient;
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::AccountAuthorization;
use crate::secret::AppToken;

/// What is known of the official accounts of schools; see the [module](super) for the rules. Clones share it.
#[derive(Clone)]
pub struct OfficialAccounts {
    pub(super) shared: Arc<Shared>,
}

impl OfficialAccounts {
    /// A cache before `client`, empty, on the system's clock.
    #[must_use]
    pub fn new(client: KesionClient) -> Self {
        Self::builder(client).build()
    }

    /// The same with settings.
    pub fn builder(client: KesionClient) -> OfficialAccountsBuilder {
        OfficialAccountsBuilder {
            client,
            time_to_live: Duration::from_secs(5 * 60),
            back_off: Duration::from_secs(10),
            capacity: 10_000,
            clock: Clock::system(),
        }
    }

    /// What is known of the school of `token`, asked for if need be.
    ///
    /// # Errors
    ///
    /// Those of [`KesionClient::official_account`], also while one is backed off from;
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) if the call panics or if there is no Tokio runtime.
    pub async fn get(&self, token: &AppToken) -> Result<AccountAuthorization, Error> {
        self.shared.look_up(Key::of(token), token).outcome().await
    }

    /// The same if it is fresh. Asks nobody.
    #[must_use]
    pub fn peek(&self, token: &AppToken) -> Option<AccountAuthorization> {
        self.shared.peek(Key::of(token))
    }

    /// Forgets what is known of the school of `token`, and a failure that is backed off from. A call that is under way
    /// serves those who wait for it and nobody who asks from now on.
    pub fn invalidate(&self, token: &AppToken) {
        self.shared.invalidate(Key::of(token));
    }

    /// The view of one school.
    #[must_use]
    pub fn school(&self, token: impl Into<AppToken>) -> SchoolAccount {
        SchoolAccount::new(Arc::clone(&self.shared), token.into())
    }
}

impl fmt::Debug for OfficialAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfficialAccounts")
            .field("client", &self.shared.client)
            .finish_non_exhaustive()
    }
}

/// Settings of [`OfficialAccounts`].
#[derive(Clone, Debug)]
#[must_use]
pub struct OfficialAccountsBuilder {
    client: KesionClient,
    time_to_live: Duration,
    back_off: Duration,
    capacity: u64,
    clock: Clock,
}

impl OfficialAccountsBuilder {
    /// How long an answer is fresh; 5 minutes unless set. It counts from before the call.
    pub fn time_to_live(self, time_to_live: Duration) -> Self {
        Self {
            time_to_live,
            ..self
        }
    }

    /// The least time between a call that failed and the next one about the same school; 10 seconds unless set.
    pub fn back_off(self, back_off: Duration) -> Self {
        Self { back_off, ..self }
    }

    /// How many schools are remembered at most; 10,000 unless set. Beyond, the one that nobody has asked about for the
    /// longest time is forgotten.
    pub fn capacity(self, schools: u64) -> Self {
        Self {
            capacity: schools,
            ..self
        }
    }

    /// The clock that ages are counted on; the system's unless set.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The cache, empty.
    #[must_use]
    pub fn build(self) -> OfficialAccounts {
        let Self {
            client,
            time_to_live,
            back_off,
            capacity,
            clock,
        } = self;
        // moka's default policy would rather refuse a new school, which would then be asked about in every request.
        let slots = Cache::builder()
            .max_capacity(capacity.max(1))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        OfficialAccounts {
            shared: Arc::new(Shared {
                client,
                slots,
                time_to_live,
                back_off,
                clock,
            }),
        }
    }
}
