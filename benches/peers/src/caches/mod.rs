//! Caches of an access token in front of one upstream system.

mod aws;
mod azure;
mod google;
mod moka;
mod tower_weika;
mod wechat_minapp;
mod wechat_mp_sdk;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use harness::token::{LENGTH, LIFETIME};
use tokio::net::TcpListener;
use tokio::time::sleep;

pub use self::aws::Aws;
pub use self::azure::Azure;
pub use self::google::Google;
pub use self::moka::Moka;
pub use self::tower_weika::TowerWeika;
pub use self::wechat_minapp::Minapp;
pub use self::wechat_mp_sdk::MpSdk;

/// A cache under comparison.
pub trait Cache: Send + Sync + Sized + 'static {
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
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    pub delay: Duration,
    pub lifetime: Duration,
    pub is_up: bool,
}

/// Issues the tokens: without a network, except for caches that know only HTTP.
#[derive(Debug)]
pub struct Upstream {
    behaviour: Mutex<Behaviour>,
    fetches: AtomicU64,
    address: OnceLock<String>,
}

impl Upstream {
    /// One that answers at once.
    pub fn new() -> Arc<Self> {
        let behaviour = Mutex::new(Behaviour {
            delay: Duration::ZERO,
            lifetime: LIFETIME,
            is_up: true,
        });
        Arc::new(Self {
            behaviour,
            fetches: AtomicU64::new(0),
            address: OnceLock::new(),
        })
    }

    pub fn behave(&self, behaviour: Behaviour) {
        *self
            .behaviour
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    pub fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::Relaxed)
    }

    /// A token and how long it is valid, or nothing in an outage.
    async fn fetch(&self) -> Option<(String, Duration)> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let behaviour = *self
            .behaviour
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !behaviour.delay.is_zero() {
            sleep(behaviour.delay).await;
        }
        behaviour
            .is_up
            .then(|| ("t".repeat(LENGTH), behaviour.lifetime))
    }

    /// The response of a token endpoint.
    async fn response(&self) -> Option<String> {
        let (token, lifetime) = self.fetch().await?;
        let seconds = lifetime.as_secs();
        Some(format!(
            r#"{{"access_token":"{token}","expires_in":{seconds},"token_type":"Bearer"}}"#
        ))
    }

    /// Where it answers over HTTP, on this machine, for as long as the runtime runs.
    fn address(self: &Arc<Self>) -> &str {
        self.address.get_or_init(|| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            listener.set_nonblocking(true).expect("a socket");
            let address = format!("http://{}", listener.local_addr().expect("it is bound"));
            let listener = TcpListener::from_std(listener).expect("a runtime");
            let upstream = Arc::clone(self);
            let respond = async move || match upstream.response().await {
                Some(body) => Ok(([("content-type", "application/json")], body)),
                None => Err(StatusCode::SERVICE_UNAVAILABLE),
            };
            tokio::spawn(async { axum::serve(listener, Router::new().fallback(respond)).await });
            address
        })
    }
}

/// A new cache with a token that is valid only for so long; the next one will be for longer.
async fn with_a_token_for<C: Cache>(seconds: u64, upstream: &Arc<Upstream>) -> Option<C> {
    let lifetime = Duration::from_secs(seconds);
    upstream.behave(Behaviour {
        delay: Duration::ZERO,
        lifetime,
        is_up: true,
    });
    let cache = C::new(upstream);
    assert_eq!(cache.read().await, Some(LENGTH), "{}", C::NAME);
    // Some clear up only after they have answered.
    sleep(Duration::from_millis(20)).await;
    Some(cache)
}
