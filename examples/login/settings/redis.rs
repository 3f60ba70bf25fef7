//! What is shared with other instances.

use std::env;

use tower_weika::store::RedisBuilder;

use super::errors::Mistakes;

/// Where Redis is, and what is sealed with.
pub(crate) struct Redis {
    url: String,
    secret: Vec<u8>,
}

impl Redis {
    pub(super) fn read(errors: &mut Mistakes, secret: Option<&[u8]>) -> Option<Self> {
        let url = errors.text("REDIS_URL")?;
        let Some(secret) = secret else {
            // One that cannot be read was told already.
            if env::var_os("SESSION_SECRET").is_none_or(|secret| secret.is_empty()) {
                errors
                    .add("REDIS_URL is set without SESSION_SECRET; instances that share sessions share a secret too");
            }
            return None;
        };
        Some(Self {
            url,
            secret: secret.to_vec(),
        })
    }

    /// Everything is sealed: the secret is there anyway, and other keys are derived from it than the login layers do.
    pub(crate) fn builder(&self) -> RedisBuilder {
        tower_weika::store::Redis::builder(&self.url).encryption_key(&self.secret)
    }
}
