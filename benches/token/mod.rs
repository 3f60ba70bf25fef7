//! A cache that holds a token.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tower::Service;
use tower_weika::Error;
use tower_weika::clock::Clock;
use tower_weika::token::{AccessToken, CurrentToken, IssuedToken, TokenCache, TokenSource};

/// As long as those of WeChat.
pub(crate) const TOKEN_LENGTH: usize = 157;
pub(crate) const LIFETIME: Duration = Duration::from_secs(7_200);

/// A cache that has fetched its token.
pub(crate) fn warm(clock: Clock) -> TokenCache<impl TokenSource> {
    let source = async || {
        Ok::<_, Error>(IssuedToken::new(
            AccessToken::new("t".repeat(TOKEN_LENGTH)),
            Some(LIFETIME),
        ))
    };
    let cache = TokenCache::builder(source).clock(clock).build();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    assert_eq!(
        runtime
            .block_on(cache.get())
            .expect("a token")
            .expose()
            .len(),
        TOKEN_LENGTH
    );
    cache
}

/// Reads by [`TokenCache::current`].
pub(crate) fn current(cache: &TokenCache<impl TokenSource>) {
    check(cache.current().expect("the token is there").expose());
}

/// Reads by [`TokenCache::get`].
pub(crate) fn get(cache: &TokenCache<impl TokenSource>) {
    finish(cache.get());
}

/// Reads as a service does.
pub(crate) fn call(service: &mut TokenCache<impl TokenSource>) {
    assert!(
        service
            .poll_ready(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    );
    finish(service.call(()));
}

fn finish(future: impl Future<Output = Result<CurrentToken, Error>>) {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(token)) => check(token.expose()),
        _ => panic!("the token is there"),
    }
}

/// Every read has to deliver the token.
pub(crate) fn check(token: &str) {
    assert_eq!(black_box(token).len(), TOKEN_LENGTH);
}
