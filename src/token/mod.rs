//! The application's own access token: fetched once, shared by all, renewed before it ends.
//!
//! Weika gives an application a token for about two hours (`expires_in`), and a new one may end the old one.
//! A process that fetches one per request therefore ends the tokens of its own other requests. [`TokenCache`]
//! stands between the callers and a [`TokenSource`]:
//!
//! 1. A fresh token is handed out at once: no waiting, no lock, no allocation, nothing shared is written.
//! 2. Near its end (300 s, or a tenth of its lifetime if that is shorter; ± 20 % so that processes do not
//!    move in step) it is still handed out, and one fetch starts in the background.
//! 3. Without a token all callers wait for one fetch. It runs in a task of its own: callers that go away
//!    neither stop it nor start another.
//! 4. A failed fetch never takes a token away that is still valid. Everybody who waited is told of the
//!    failure, and so is, at once, everybody who comes before the next attempt: after 1 s, 2 s, 4 s … 30 s,
//!    with jitter. After [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) it is 30 s straight
//!    away.
//! 5. [`TokenCache::invalidate`] drops a token only if it is still the one that was seen to fail.
//! 6. Two fetches are never less than 1 s apart, whatever the upstream system says.
//!
//! Where a site runs on several instances, a [`Coordinator`](crate::coordination::Coordinator) lets them share one token
//! ([`WeikaClient::join`](crate::client::weika::WeikaClient::join)). To fetch then means:
//!
//! 1. Whoever needs a token takes the newest one of the others, unless it is the one that was there before.
//! 2. Otherwise one instance fetches for all, and the others wait for it; at most 10 s if it is gone.
//! 3. An instance that was too slow does not overwrite a newer token, and takes that one instead.
//! 4. Tokens that are replaced within a minute, one after the other, are fetched at longer and longer intervals (1 s,
//!    2 s, 4 s … 30 s). In between callers get [`ErrorKind::Busy`](crate::ErrorKind::Busy): most likely another
//!    system fetches for the same key.
//! 5. While the coordinator is away every instance fetches for itself, at most once in 10 s; in between callers get
//!    [`ErrorKind::Unresponsive`](crate::ErrorKind::Unresponsive), and the coordinator is looked for every second.
//!
//! Caveats: lifetimes are counted on the wall clock, from before the request was sent. If somebody sets the
//! clock back, a token may be handed out after its end; the upstream system then refuses it, and rule 5
//! applies. Fetching needs a Tokio runtime with its timer.
//!
//! ```
//! use std::time::Duration;
//! use tower_weika::token::{AccessToken, IssuedToken, TokenCache};
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

mod access_token;
mod back_off;
mod cache;
mod current;
mod flight;
mod get;
mod refresh;
mod shared;
mod source;

#[cfg(test)]
mod tests;

pub use access_token::{AccessToken, IssuedToken};
pub use cache::{TokenCache, TokenCacheBuilder, TokenStatus};
pub use current::CurrentToken;
pub use get::GetToken;
pub(crate) use shared::SharedSource;
pub use source::TokenSource;
