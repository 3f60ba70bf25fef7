//! The session stores: in the memory of this process, in a file that survives restarts, or at Redis
//! for all instances.

use std::error::Error;

use tower_weika::store::{EitherStore, MemoryStore, Redis, RedisStore, StoredIdentity};
use tower_weika::{BoxError, ConfigError};
use tower_weika_sqlite::{Sqlite, SqliteStore};

use crate::settings::{Settings, SettingsErrors};

/// The session store of one kind of identity.
pub(crate) type Store<I> = EitherStore<EitherStore<RedisStore<I>, SqliteStore<I>>, MemoryStore<I>>;

/// Creates the stores.
#[derive(Clone)]
pub(crate) enum Stores {
    Memory,
    Sqlite(Sqlite),
    Redis(Redis),
}

impl Stores {
    /// Connects if the settings name a Redis, and opens the file if they name one. If that fails,
    /// start-up fails at once, so that an orchestrator restarts the process.
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, BoxError> {
        if let Some(path) = &settings.session_db {
            let opened = Sqlite::open(path);
            let opened = opened.map_err(|error| format!("SESSION_DB: {}", with_causes(&error)));
            return Ok(Self::Sqlite(opened?));
        }
        let Some(redis) = &settings.redis else {
            return Ok(Self::Memory);
        };
        let error = match redis.builder().connect().await {
            Ok(redis) => return Ok(Self::Redis(redis)),
            Err(error) => error,
        };
        let config_error = error
            .source()
            .and_then(|cause| cause.downcast_ref::<ConfigError>());
        Err(match config_error {
            Some(config_error) => {
                SettingsErrors::of(config_error, &[("the address of redis", "REDIS_URL")]).into()
            }
            None => format!("REDIS_URL: {}", with_causes(&error)).into(),
        })
    }

    pub(crate) fn store<I: StoredIdentity>(&self) -> Store<I> {
        match self {
            Self::Redis(redis) => EitherStore::Left(EitherStore::Left(redis.store())),
            Self::Sqlite(sqlite) => EitherStore::Left(EitherStore::Right(sqlite.store())),
            Self::Memory => EitherStore::Right(MemoryStore::new()),
        }
    }
}

/// Formats the error with its causes.
fn with_causes(error: &tower_weika::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
