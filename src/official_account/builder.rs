use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::OfficialAccounts;
use super::inner::Inner;
use crate::client::kesion::KesionClient;
use crate::clock::Clock;

/// Builder of [`OfficialAccounts`].
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
    pub(super) fn new(client: KesionClient) -> Self {
        Self {
            client,
            time_to_live: Duration::from_secs(5 * 60),
            back_off: Duration::from_secs(10),
            capacity: 10_000,
            clock: Clock::system(),
        }
    }

    /// Sets how long an answer is fresh, counted from before the call. Default: 5 minutes.
    pub fn time_to_live(self, time_to_live: Duration) -> Self {
        Self {
            time_to_live,
            ..self
        }
    }

    /// Sets the shortest time between a failed call and the next one about the same school. Default: 10 seconds.
    pub fn back_off(self, back_off: Duration) -> Self {
        Self { back_off, ..self }
    }

    /// Sets the maximum number of schools in the cache. Beyond it the least recently used one is evicted. Default:
    /// 10,000.
    pub fn capacity(self, schools: u64) -> Self {
        Self {
            capacity: schools,
            ..self
        }
    }

    /// Sets the clock for ages. Default: the system's clock.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Creates the cache, empty.
    #[must_use]
    pub fn build(self) -> OfficialAccounts {
        // The default policy of moka may reject a new school, which would then be requested every time.
        let entries = Cache::builder()
            .max_capacity(self.capacity.max(1))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        OfficialAccounts::from_inner(Inner {
            client: self.client,
            entries,
            time_to_live: self.time_to_live,
            back_off: self.back_off,
            clock: self.clock,
        })
    }
}
