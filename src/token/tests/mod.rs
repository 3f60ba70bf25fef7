use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_test::task;
use tokio_test::{assert_pending, assert_ready};
use tower::{Service, ServiceExt};

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;

mod attach;
mod fetch;
mod freshness;
mod leased_source;

const LIFETIME: Duration = Duration::from_secs(7_200);
const FETCH_TIME: Duration = Duration::from_millis(50);

/// A source that counts its fetches, takes [`FETCH_TIME`], and responds by its script (its last
/// entry repeats).
#[derive(Clone)]
struct Script {
    fetches: Arc<AtomicUsize>,
    replies: Arc<Vec<Reply>>,
}

#[derive(Clone, Copy)]
enum Reply {
    Token(Option<Duration>),
    Failure(ErrorKind),
    Panic,
    Hang,
}

impl Script {
    fn new(replies: &[Reply]) -> Self {
        Self {
            fetches: Arc::default(),
            replies: Arc::new(replies.to_vec()),
        }
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl TokenSource for Script {
    fn fetch(&self) -> impl Future<Output = Result<IssuedToken, Error>> + Send {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        let reply = *self
            .replies
            .get(number - 1)
            .unwrap_or_else(|| self.replies.last().unwrap());
        async move {
            tokio::time::sleep(FETCH_TIME).await;
            match reply {
                Reply::Token(lifetime) => Ok(IssuedToken::new(
                    AccessToken::new(format!("token-{number}")),
                    lifetime,
                )),
                Reply::Failure(kind) => Err(Error::new(kind, "scripted failure")),
                Reply::Panic => panic!("scripted panic"),
                Reply::Hang => std::future::pending().await,
            }
        }
    }
}

struct Bench {
    cache: TokenCache<Script>,
    source: Script,
    clock: ManualClock,
}

impl Bench {
    fn new(replies: &[Reply]) -> Self {
        let source = Script::new(replies);
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
        let cache = TokenCache::builder(source.clone())
            .clock(clock.clock())
            .build();
        Self {
            cache,
            source,
            clock,
        }
    }

    /// Lets background tasks finish, without moving the manual clock.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    async fn text(&self) -> String {
        self.cache.get().await.unwrap().expose().to_owned()
    }

    async fn failure(&self) -> ErrorKind {
        self.cache.get().await.unwrap_err().kind()
    }
}

/// Runs concurrent callers, each in its own task, and returns their outcomes.
async fn concurrent_callers(
    cache: &TokenCache<Script>,
    callers: usize,
) -> Vec<Result<String, ErrorKind>> {
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let cache = cache.clone();
        tasks.spawn(async move {
            cache
                .get()
                .await
                .map(|token| token.expose().to_owned())
                .map_err(|error| error.kind())
        });
    }
    tasks.join_all().await
}
