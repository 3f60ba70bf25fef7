//! Access tokens: a cache that holds one, and ways to read it.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arc_swap::ArcSwap;
use tower::Service;
use tower_weika::AccessToken;
use tower_weika::Error;
use tower_weika::clock::{Clock, Timestamp};
use tower_weika::token::{IssuedToken, TokenCache, TokenSource};

use crate::at_once;

/// The length of WeChat's tokens.
pub const LENGTH: usize = 157;
pub const LIFETIME: Duration = Duration::from_secs(7_200);

/// A cache that has fetched its token.
pub fn warm(clock: Clock) -> TokenCache<impl TokenSource> {
    let source = async || {
        Ok::<_, Error>(IssuedToken::new(
            AccessToken::new("t".repeat(LENGTH)),
            Some(LIFETIME),
        ))
    };
    let cache = TokenCache::builder(source).clock(clock).build();
    assert_eq!(
        crate::runtime()
            .block_on(cache.get())
            .expect("a token")
            .expose()
            .len(),
        LENGTH
    );
    cache
}

/// Reads the token with [`TokenCache::current`] and returns its length.
pub fn current(cache: &TokenCache<impl TokenSource>) -> usize {
    cache.current().expect("a token").expose().len()
}

/// Reads the token with [`TokenCache::get`] and returns its length.
pub fn get(cache: &TokenCache<impl TokenSource>) -> usize {
    at_once(cache.get()).expect("a token").expose().len()
}

/// Reads the token through the `Service` implementation and returns its length.
pub fn call(service: &mut TokenCache<impl TokenSource>) -> usize {
    assert!(matches!(
        service.poll_ready(&mut Context::from_waker(Waker::noop())),
        Poll::Ready(Ok(()))
    ));
    at_once(service.call(())).expect("a token").expose().len()
}

/// Lower bound: a token and its expiry behind an `ArcSwap` guard, and the coarse clock.
pub struct LowerBound {
    held: ArcSwap<(Box<str>, Timestamp)>,
    clock: Clock,
}

impl Default for LowerBound {
    fn default() -> Self {
        let clock = Clock::system();
        let held = ArcSwap::from_pointee(("t".repeat(LENGTH).into(), clock.now().plus(LIFETIME)));
        Self { held, clock }
    }
}

impl LowerBound {
    pub fn read(&self) -> usize {
        let held = self.held.load();
        assert!(self.clock.now() < held.1);
        held.0.len()
    }
}
