//! Where sessions are: in this process, or at Redis for all instances.

use std::error::Error;

use tower_weika::store::{EitherStore, MemoryStore, Redis, RedisStore, StoredIdentity};
use tower_weika::{BoxError, ConfigError};

use crate::settings::{Mistakes, Settings};

/// The sessions of one kind of people.
pub(crate) type Store<I> = EitherStore<RedisStore<I>, MemoryStore<I>>;

/// What the stores are made of.
#[derive(Clone)]
pub(crate) struct Stores(pub(crate) Option<Redis>);

impl Stores {
    /// Connects, if the settings name a Redis. An orchestrator that is told at once that it cannot be reached starts
    /// this process again.
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, BoxError> {
        let Some(redis) = &settings.redis else {
            return Ok(Self(None));
        };
        let error = match redis.builder().connect().await {
            Ok(redis) => return Ok(Self(Some(redis))),
            Err(error) => error,
        };
        let mistaken = error
            .source()
            .and_then(|cause| cause.downcast_ref::<ConfigError>());
        Err(match mistaken {
            Some(mistaken) => {
                Mistakes::of(mistaken, &[("the address of redis", "REDIS_URL")]).into()
            }
            None => format!("REDIS_URL: {}", told(&error)).into(),
        })
    }

    pub(crate) fn store<I: StoredIdentity>(&self) -> Store<I> {
        match &self.0 {
            Some(redis) => EitherStore::Left(redis.store()),
            None => EitherStore::Right(MemoryStore::new()),
        }
    }
}

/// The error with what caused it.
fn told(error: &tower_weika::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
