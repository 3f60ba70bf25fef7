//! The Redis that is shared with other instances.

use std::env;

use tower_weika::store::RedisBuilder;

use super::errors::SettingsErrors;

/// The address of Redis, and the secret from which the encryption key is derived.
pub(crate) struct Redis {
    url: String,
    secret: Vec<u8>,
}

impl Redis {
    pub(super) fn read(errors: &mut SettingsErrors, secret: Option<&[u8]>) -> Option<Self> {
        let url = errors.text("REDIS_URL")?;
        let Some(secret) = secret else {
            // An undecodable secret has been reported already.
            if env::var_os("SESSION_SECRET").is_none_or(|secret| secret.is_empty()) {
                errors
                    .add("REDIS_URL is set without SESSION_SECRET; instances that share sessions need the same secret");
            }
            return None;
        };
        Some(Self {
            url,
            secret: secret.to_vec(),
        })
    }

    /// Stored values are encrypted: the secret is required anyway, and the key derived from it
    /// differs from the keys of the login layers.
    pub(crate) fn builder(&self) -> RedisBuilder {
        tower_weika::store::Redis::builder(&self.url).encryption_key(&self.secret)
    }
}
