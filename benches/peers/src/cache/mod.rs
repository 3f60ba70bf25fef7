//! Caches of an access token, ours and those of others, in front of one upstream system.

mod aws;
mod azure;
mod google;
mod loopback;
mod moka;
mod ours;
mod wechat_minapp;
mod wechat_mp_sdk;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

pub(crate) use self::aws::Aws;
pub(crate) use self::azure::Azure;
pub(crate) use self::google::Google;
pub(crate) use self::moka::Moka;
pub(crate) use self::ours::Ours;
pub(crate) use self::wechat_minapp::Minapp;
pub(crate) use self::wechat_mp_sdk::MpSdk;
use crate::token::{LIFETIME, TOKEN_LENGTH};

/// A cache under comparison.
pub(crate) trait Cache: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// Empty.
    fn new(upstream: &Arc<Upstream>) -> Self;

    /// For so many applications. What an application would share, they share.
    fn many(upstream: &Arc<Upstream>, count: usize) -> Vec<Self> {
        (0..count).map(|_| Self::new(upstream)).collect()
    }

    /// The length of the token, or nothing if the caller is told of a failure.
    fn read(&self) -> impl Future<Output = Option<usize>> + Send;

    /// With a token that is still valid, and that the cache wants to replace; if that can be brought about.
    fn due(upstream: &Arc<Upstream>) -> impl Future<Output = Option<Self>>;
}

/// How the upstream system behaves.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) delay: Duration,
    pub(crate) lifetime: Duration,
    pub(crate) is_up: bool,
}

/// What issues the tokens: without a network, except for those who know only HTTP.
pub(crate) struct Upstream {
    manner: Mutex<Manner>,
    fetches: AtomicU64,
    address: OnceLock<String>,
}

impl Upstream {
    /// One that answers at once.
    pub(crate) fn new() -> Arc<Self> {
        let manner = Manner {
            delay: Duration::ZERO,
            lifetime: LIFETIME,
            is_up: true,
        };
        Arc::new(Self {
            manner: Mutex::new(manner),
            fetches: AtomicU64::new(0),
            address: OnceLock::new(),
        })
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// How often it was asked.
    pub(crate) fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::Relaxed)
    }

    /// A token and how long it lives, or nothing in an outage.
    async fn fetch(&self) -> Option<(String, Duration)> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let manner = *self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        if !manner.delay.is_zero() {
            sleep(manner.delay).await;
        }
        manner
            .is_up
            .then(|| ("t".repeat(TOKEN_LENGTH), manner.lifetime))
    }

    /// As the answer of a token endpoint.
    async fn answer(&self) -> Option<String> {
        let (token, lifetime) = self.fetch().await?;
        let seconds = lifetime.as_secs();
        Some(format!(
            r#"{{"access_token":"{token}","expires_in":{seconds},"token_type":"Bearer"}}"#
        ))
    }

    /// Where it answers over HTTP, on this machine.
    fn address(self: &Arc<Self>) -> &str {
        self.address.get_or_init(|| loopback::serve(self))
    }
}

/// A new cache with a token that has only so long to live; the next one will have longer.
async fn with_a_token_for<C: Cache>(lifetime: Duration, upstream: &Arc<Upstream>) -> C {
    upstream.behave(Manner {
        delay: Duration::ZERO,
        lifetime,
        is_up: true,
    });
    let cache = C::new(upstream);
    assert_eq!(cache.read().await, Some(TOKEN_LENGTH), "{}", C::NAME);
    // Some clear up only after they have answered.
    sleep(Duration::from_millis(20)).await;
    cache
}
