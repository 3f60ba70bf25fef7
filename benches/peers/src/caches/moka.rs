//! moka, whose `try_get_with` fetches once for all waiting callers. One cache for all applications.

use std::sync::Arc;

use harness::token::LIFETIME;
use moka::future;

use super::{Cache, Upstream};

pub struct Moka {
    tokens: future::Cache<usize, Arc<str>>,
    app: usize,
    upstream: Arc<Upstream>,
}

impl Cache for Moka {
    const NAME: &'static str = "moka try_get_with";

    fn new(upstream: &Arc<Upstream>) -> Self {
        let tokens = future::Cache::builder()
            .max_capacity(100_000)
            .time_to_live(LIFETIME)
            .build();
        Self {
            tokens,
            app: 0,
            upstream: Arc::clone(upstream),
        }
    }

    fn many(upstream: &Arc<Upstream>, count: usize) -> Vec<Self> {
        let Self {
            tokens, upstream, ..
        } = Self::new(upstream);
        (0..count)
            .map(|app| Self {
                tokens: tokens.clone(),
                app,
                upstream: Arc::clone(&upstream),
            })
            .collect()
    }

    async fn read(&self) -> Option<usize> {
        let fetch = async {
            self.upstream
                .fetch()
                .await
                .map(|(token, _)| token.into())
                .ok_or(())
        };
        self.tokens
            .try_get_with(self.app, fetch)
            .await
            .ok()
            .map(|token| token.len())
    }

    async fn due(_: &Arc<Upstream>) -> Option<Self> {
        // It has no refresh before the expiry.
        None
    }
}
