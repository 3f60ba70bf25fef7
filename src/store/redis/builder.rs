//! How Redis is used.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::handle::Redis;
use super::link::{Credentials, Link, Source};
use super::names::Names;
use super::seal::Seal;
use crate::clock::Clock;
use crate::error::{BoxError, ConfigError, ConfigErrorKind, Error, ErrorKind};
use crate::key_material;
use crate::remedy;

/// Settings for a [`Redis`].
#[must_use]
pub struct RedisBuilder {
    place: Place,
    site: String,
    budget: Duration,
    local_cache_capacity: u64,
    keys: Vec<Zeroizing<Vec<u8>>>,
    former_keys: Vec<Zeroizing<Vec<u8>>>,
    sentinel_credentials: Credentials,
    starts_degraded: bool,
    clock: Clock,
}

enum Place {
    Single(String),
    Sentinel(Vec<String>, String),
    Cluster(Vec<String>),
}

impl RedisBuilder {
    fn new(place: Place) -> Self {
        Self {
            place,
            site: "tower-weika".to_owned(),
            budget: Duration::from_secs(1),
            local_cache_capacity: 10_000,
            keys: Vec::new(),
            former_keys: Vec::new(),
            sentinel_credentials: Credentials::default(),
            starts_degraded: false,
            clock: Clock::system(),
        }
    }

    pub(super) fn single(url: String) -> Self {
        Self::new(Place::Single(url))
    }

    pub(super) fn sentinel(urls: Vec<String>, master: String) -> Self {
        Self::new(Place::Sentinel(urls, master))
    }

    pub(super) fn cluster(urls: Vec<String>) -> Self {
        Self::new(Place::Cluster(urls))
    }

    /// The name of the site, which all keys begin with; `tower-weika` unless set. Sites that share a server and this
    /// name share their sessions.
    pub fn key_prefix(self, site: impl Into<String>) -> Self {
        Self {
            site: site.into(),
            ..self
        }
    }

    /// How long an operation may take; 1 s unless set. What takes longer has failed, and the connection is made anew.
    pub fn operation_timeout(self, budget: Duration) -> Self {
        Self { budget, ..self }
    }

    /// How many sessions of each [store](Redis::store) this process keeps a copy of; 10,000 unless set, none with 0.
    ///
    /// A copy spares the way to Redis. An end of a session anywhere is seen everywhere within a second; when that
    /// cannot be promised, because Redis does not answer, copies do not count.
    pub fn local_cache_capacity(self, sessions: u64) -> Self {
        Self {
            local_cache_capacity: sessions,
            ..self
        }
    }

    /// Seals what is written with this key, 32 bytes at least; it is the same for all instances. Whoever reads Redis
    /// then learns no name, card number or token from it, and whoever writes there makes nobody somebody else.
    /// Sessions that were not sealed end. Read it from the environment; `openssl rand -base64 32` generates one.
    pub fn encryption_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.keys = vec![Zeroizing::new(key.as_ref().to_vec())];
        self
    }

    /// A key that opens and does not seal. To change a key, give the new one as a former one to all instances first,
    /// then exchange the two, and drop the old one when the sessions under it have ended.
    pub fn former_sealing_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.former_keys.push(Zeroizing::new(key.as_ref().to_vec()));
        self
    }

    /// What the sentinels themselves want to know; nothing unless set. An empty user is the default one.
    pub fn sentinel_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        let user = Some(user.into()).filter(|user| !user.is_empty());
        self.sentinel_credentials = Credentials {
            user,
            password: Some(password.into().into()),
        };
        self
    }

    /// Starts even if Redis cannot be reached: visitors with a session cookie and logins get `503` until it can.
    pub fn start_degraded(self) -> Self {
        Self {
            starts_degraded: true,
            ..self
        }
    }

    /// The clock; the system's unless set.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Connects. To be called inside a Tokio runtime that lives as long as what comes of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] with a [`ConfigError`] as its source; [`ErrorKind::Store`] if Redis cannot be
    /// reached, unless [`start_degraded`](Self::start_degraded) was asked for.
    pub async fn connect(self) -> Result<Redis, Error> {
        let starts_degraded = self.starts_degraded;
        let redis = self.build().map_err(|errors| {
            Error::new(
                ErrorKind::Configuration,
                "redis: the settings cannot be used",
            )
            .with_source(errors)
        })?;
        redis.start(starts_degraded).await?;
        Ok(redis)
    }

    fn build(self) -> Result<Redis, ConfigError> {
        let mut errors = Vec::new();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if self.site.is_empty() || !self.site.bytes().all(is_name) {
            let expected = "letters, digits, hyphens, dots and underscores";
            errors.push(ConfigErrorKind::InvalidCharacters {
                name: "key_prefix",
                value: self.site.clone(),
                expected,
            });
        }
        if self.budget.is_zero() {
            let (value, expected) = (format!("{:?}", self.budget), "more than nothing");
            errors.push(ConfigErrorKind::OutOfRange {
                name: "operation_timeout",
                value,
                expected,
            });
        }
        let keys = self.keys.iter().map(|key| ("encryption_key", key));
        let keys = keys.chain(
            self.former_keys
                .iter()
                .map(|key| ("former_sealing_key", key)),
        );
        errors.extend(keys.filter_map(|(name, key)| key_material::check(name, key)));
        if self.keys.is_empty() && !self.former_keys.is_empty() {
            errors.push(ConfigErrorKind::Missing(
                "encryption_key (there are former ones)",
            ));
        }
        let source = match &self.place {
            Place::Single(url) => Source::single(url),
            Place::Sentinel(urls, master) => {
                Source::sentinel(urls, master, &self.sentinel_credentials)
            }
            Place::Cluster(urls) => Source::cluster(urls, self.budget),
        };
        let source = match source {
            Ok(source) if errors.is_empty() => source,
            Ok(_) => return Err(ConfigError::of(errors)),
            Err(_) => {
                // The address may have a password in it, and what the client says may have the address in it.
                let expected = "an address like redis://127.0.0.1:6379, rediss://user:password@host:6380/0 or unix:///path";
                errors.push(ConfigErrorKind::InvalidUrl {
                    name: "the address of redis",
                    value: "[redacted]".to_owned(),
                    expected,
                });
                return Err(ConfigError::of(errors));
            }
        };
        if source.is_tls() && rustls_native_certs::load_native_certs().certs.is_empty() {
            let reason = remedy::missing_certificates();
            let source = BoxError::from("no CA certificates were loaded").into();
            return Err(ConfigErrorKind::SetupFailed {
                name: "TLS to redis",
                reason,
                source,
            }
            .into());
        }
        let names = Names::new(&self.site);
        let link = Link::new(source, self.budget, &names);
        let seal = Seal::new(
            self.keys
                .iter()
                .chain(&self.former_keys)
                .map(|key| key.as_slice()),
        );
        Ok(Redis::new(
            link,
            names,
            seal,
            self.local_cache_capacity,
            self.clock,
        ))
    }
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("key_prefix", &self.site)
            .field("operation_timeout", &self.budget)
            .field("local_cache_capacity", &self.local_cache_capacity)
            .field("starts_degraded", &self.starts_degraded)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_from_the_documentation_is_rejected_as_sealing_key() {
        let literal = "32 bytes or more, the same for all instances";
        let errors =
            |builder: RedisBuilder| builder.build().err().map(|error| error.errors().to_vec());
        let builder = || RedisBuilder::new(Place::Single("redis://127.0.0.1".to_owned()));
        assert_eq!(
            errors(builder().encryption_key(literal)),
            Some(vec![ConfigErrorKind::PublishedSecret {
                name: "encryption_key"
            }])
        );
        let rotated = errors(
            builder()
                .encryption_key([7; 32])
                .former_sealing_key(literal),
        );
        assert_eq!(
            rotated,
            Some(vec![ConfigErrorKind::PublishedSecret {
                name: "former_sealing_key"
            }])
        );
        assert!(matches!(
            &errors(builder().encryption_key([7; 31])).unwrap()[..],
            [ConfigErrorKind::OutOfRange { .. }]
        ));
    }
}
