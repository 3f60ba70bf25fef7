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

    /// Creates an empty cache.
    fn new(upstream: &Arc<Upstream>) -> Self;

    /// Creates caches for this many applications. They share what an application would share.
    fn many(upstream: &Arc<Upstream>, count: usize) -> Vec<Self> {
        (0..count).map(|_| Self::new(upstream)).collect()
    }

    /// Returns the length of the token, or nothing if the caller receives an error.
    fn read(&self) -> impl Future<Output = Option<usize>> + Send;

    /// Creates a cache with a token that is still valid and due for renewal, if that can be set up.
    fn due(upstream: &Arc<Upstream>) -> impl Future<Output = Option<Self>>;
}

/// The behaviour of the upstream system.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    pub delay: Duration,
    pub lifetime: Duration,
    pub is_up: bool,
}

/// Issues the tokens: without a network, except for caches that only support HTTP.
#[derive(Debug)]
pub struct Upstream {
    behaviour: Mutex<Behaviour>,
    fetches: AtomicU64,
    address: OnceLock<String>,
}

impl Upstream {
    /// Creates an upstream that responds at once.
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

    /// Returns a token and its lifetime, or nothing in an outage.
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

    /// The local HTTP address, served for as long as the runtime runs.
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

/// Creates a cache with a token that is valid for this many seconds; the next one will be valid for
/// longer.
async fn with_a_token_for<C: Cache>(seconds: u64, upstream: &Arc<Upstream>) -> Option<C> {
    let lifetime = Duration::from_secs(seconds);
    upstream.behave(Behaviour {
        delay: Duration::ZERO,
        lifetime,
        is_up: true,
    });
    let cache = C::new(upstream);
    assert_eq!(cache.read().await, Some(LENGTH), "{}", C::NAME);
    // Some caches finish their work after they have responded.
    sleep(Duration::from_millis(20)).await;
    Some(cache)
}
