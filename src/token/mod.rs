//! Cache of the application's access token: fetched once, shared by all callers, renewed before it
//! expires.
//!
//! Weika issues a token for about two hours (`expires_in`), and a new one may invalidate the old
//! one. A process that fetches one per request therefore invalidates the tokens of its other
//! requests. [`TokenCache`] stands between the callers and a [`TokenSource`]:
//!
//! 1. A fresh token is returned at once: no wait, no lock, no allocation, no write to shared
//!    memory.
//! 2. Near its expiry (300 s, or a tenth of its lifetime if that is shorter; ± 20 % jitter, so that
//!    processes do not move in step) it is still returned, and one fetch starts in the background.
//! 3. Without a token all callers wait for one fetch (single-flight). It runs in a task: callers
//!    that stop waiting neither cancel nor repeat it.
//! 4. A failed fetch never drops a token that is still valid. All waiting callers get the error,
//!    and so does, at once, every caller before the next attempt: after 1 s, 2 s, 4 s … 30 s, with
//!    jitter. After [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) the pause is 30 s
//!    at once.
//! 5. [`TokenCache::invalidate`] drops a token only if it is still the one that was rejected.
//! 6. Two fetches are at least 1 s apart, even if the upstream system issues shorter-lived tokens.
//!
//! # Several instances
//!
//! [`TokenCache::attach_coordinator`] shares the token of any source through a
//! [`Coordinator`](crate::coordination::Coordinator). A fetch then becomes:
//!
//! 1. If another instance has published a newer token than the one before, the cache adopts it.
//! 2. Otherwise one instance gets the lease and fetches, and the others wait for its token; at most
//!    10 s if that instance dies.
//! 3. An instance that was too slow does not overwrite a newer token: the fencing token of its
//!    lease is outdated. It adopts the newer one.
//! 4. While tokens are replaced within a minute of each other, fetches become rarer (1 s, 2 s, 4 s
//!    … 30 s apart). In between callers get [`ErrorKind::Busy`](crate::ErrorKind::Busy): most
//!    likely another system fetches for the same key.
//! 5. While the coordinator is unreachable, each instance fetches for itself, at most once in 10 s;
//!    in between callers get [`ErrorKind::Unresponsive`](crate::ErrorKind::Unresponsive). The
//!    coordinator is tried every second.
//!
//! # Caveats
//!
//! Lifetimes are counted from before the request was sent. Fetching requires a Tokio runtime with
//! its timer.
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//! use tower_weika::AccessToken;
//! use tower_weika::token::{IssuedToken, TokenCache};
//! use tower_weika::{Error, ErrorKind};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let tokens = TokenCache::new(|| async {
//!     Ok(IssuedToken::new(AccessToken::new("secret"), Some(Duration::from_secs(7_200))))
//! });
//! assert_eq!(tokens.get().await.unwrap().expose(), "secret");
//!
//! let broken = TokenCache::new(|| async { Err(Error::new(ErrorKind::Fault, "token service down")) });
//! assert_eq!(broken.get().await.unwrap_err().kind(), ErrorKind::Fault);
//! # }
//! ```

mod back_off;
mod builder;
mod cache;
mod cached_token;
mod current_token;
mod future;
mod inner;
mod issued_token;
mod lease_client;
mod leased_source;
mod refresh;
mod source;
mod status;
#[cfg(test)]
mod tests;

pub use self::builder::TokenCacheBuilder;
pub use self::cache::TokenCache;
pub use self::current_token::CurrentToken;
pub use self::future::GetToken;
pub use self::issued_token::IssuedToken;
pub use self::source::TokenSource;
pub use self::status::TokenStatus;
