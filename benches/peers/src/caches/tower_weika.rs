//! The token cache of this crate.

use std::sync::Arc;
use std::time::Duration;

use ::tower_weika::AccessToken;
use ::tower_weika::clock::{Clock, ManualClock, Timestamp};
use ::tower_weika::token::{IssuedToken, TokenCache, TokenSource};
use ::tower_weika::{Error, ErrorKind};
use harness::token::{LENGTH, LIFETIME};

use super::{Cache, Upstream};

pub struct TowerWeika(pub TokenCache<Source>);

pub struct Source(Arc<Upstream>);

impl TokenSource for Source {
    async fn fetch(&self) -> Result<IssuedToken, Error> {
        let issued = self
            .0
            .fetch()
            .await
            .ok_or_else(|| Error::new(ErrorKind::Fault, "an outage"));
        issued.map(|(token, lifetime)| IssuedToken::new(AccessToken::new(token), Some(lifetime)))
    }
}

impl TowerWeika {
    fn on(clock: Clock, upstream: &Arc<Upstream>) -> Self {
        Self(
            TokenCache::builder(Source(Arc::clone(upstream)))
                .clock(clock)
                .build(),
        )
    }
}

impl Cache for TowerWeika {
    const NAME: &'static str = "tower-weika";

    fn new(upstream: &Arc<Upstream>) -> Self {
        Self::on(Clock::system(), upstream)
    }

    async fn read(&self) -> Option<usize> {
        self.0.get().await.ok().map(|token| token.expose().len())
    }

    async fn due(upstream: &Arc<Upstream>) -> Option<Self> {
        let hand = ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000));
        let cache = Self::on(hand.clock(), upstream);
        assert_eq!(cache.read().await, Some(LENGTH));
        hand.advance(LIFETIME - Duration::from_secs(10));
        Some(cache)
    }
}
