//! A cache that holds a token.

use std::time::Duration;

use tower_weika::Error;
use tower_weika::clock::Clock;
use tower_weika::token::{AccessToken, IssuedToken, TokenCache, TokenSource};

/// As long as those of WeChat.
pub(crate) const TOKEN_LENGTH: usize = 157;
pub(crate) const LIFETIME: Duration = Duration::from_secs(7_200);

/// A cache that has fetched its token.
pub(crate) fn warm(clock: Clock) -> TokenCache<impl TokenSource> {
    let source = async || Ok::<_, Error>(IssuedToken::new(AccessToken::new("t".repeat(TOKEN_LENGTH)), Some(LIFETIME)));
    let cache = TokenCache::builder(source).clock(clock).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    assert_eq!(runtime.block_on(cache.get()).expect("a token").expose().len(), TOKEN_LENGTH);
    cache
}
