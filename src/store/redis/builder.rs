use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::connection::{ManagedConnection, SentinelCredentials, Topology};
use super::handle::{Inner, Redis};
use super::keys::Keys;
use crate::clock::Clock;
use crate::error::{BoxError, ConfigError, ConfigErrorKind, Error, ErrorKind};
use crate::remedy;
use crate::store::external::Encryption;

/// Builder of a [`Redis`].
#[must_use]
pub struct RedisBuilder {
    address: Address,
    key_prefix: String,
    operation_timeout: Duration,
    local_cache_capacity: u64,
    sessions_per_subject: Option<u64>,
    encryption_key: Option<Zeroizing<Vec<u8>>>,
    previous_encryption_keys: Vec<Zeroizing<Vec<u8>>>,
    sentinel_credentials: SentinelCredentials,
    is_degraded_allowed: bool,
    clock: Clock,
}

/// Addresses as they were given; they are parsed by `connect`.
enum Address {
    Single(String),
    Sentinel { urls: Vec<String>, master: String },
    Cluster(Vec<String>),
}

impl RedisBuilder {
    fn new(address: Address) -> Self {
        Self {
            address,
            key_prefix: "tower-weika".to_owned(),
            operation_timeout: Duration::from_secs(1),
            local_cache_capacity: 10_000,
            sessions_per_subject: Some(50),
            encryption_key: None,
            previous_encryption_keys: Vec::new(),
            sentinel_credentials: SentinelCredentials::default(),
            is_degraded_allowed: false,
            clock: Clock::system(),
        }
    }

    pub(super) fn single(url: String) -> Self {
        Self::new(Address::Single(url))
    }

    pub(super) fn sentinel(urls: Vec<String>, master: String) -> Self {
        Self::new(Address::Sentinel { urls, master })
    }

    pub(super) fn cluster(urls: Vec<String>) -> Self {
        Self::new(Address::Cluster(urls))
    }

    /// Sets the prefix of all keys; `tower-weika` by default. Applications that use one server and
    /// one prefix share their sessions.
    pub fn key_prefix(self, key_prefix: impl Into<String>) -> Self {
        Self {
            key_prefix: key_prefix.into(),
            ..self
        }
    }

    /// Sets the time limit of an operation; 1 s by default. An operation that takes longer fails,
    /// and a new connection is made.
    pub fn operation_timeout(self, operation_timeout: Duration) -> Self {
        Self {
            operation_timeout,
            ..self
        }
    }

    /// Sets how many sessions of each [store](Redis::store) this process caches; 10,000 by default,
    /// none with 0.
    ///
    /// A cached session saves a round trip to Redis. A revocation at any instance is effective at
    /// all of them within a second: if that cannot be guaranteed, because Redis does not respond,
    /// the cache is not used.
    pub fn local_cache_capacity(self, sessions: u64) -> Self {
        Self {
            local_cache_capacity: sessions,
            ..self
        }
    }

    /// Sets how many sessions one subject has at most in a namespace: 50 by default, and at least
    /// one; `None` is no limit. A login that would exceed it revokes the least recently used
    /// session of the same subject. With 1, a login logs out the subject's other browsers.
    pub fn sessions_per_subject(self, sessions: impl Into<Option<u64>>) -> Self {
        Self {
            sessions_per_subject: sessions.into().map(|sessions| sessions.max(1)),
            ..self
        }
    }

    /// Encrypts values with this key of at least 32 bytes, which is the same for all instances. An
    /// attacker who can read Redis then learns no name, card number or token from it; one who can
    /// write to Redis cannot forge or swap identities. Sessions that are not encrypted become
    /// invalid. Read the key from the environment; `openssl rand -base64 32` generates one.
    pub fn encryption_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.encryption_key = Some(Zeroizing::new(key.as_ref().to_vec()));
        self
    }

    /// Adds a key that only decrypts. To change the key, add the new one as a previous key to all
    /// instances first, then exchange the two, and remove the old one when the sessions under it
    /// have expired.
    pub fn previous_encryption_key(mut self, key: impl AsRef<[u8]>) -> Self {
        let key = Zeroizing::new(key.as_ref().to_vec());
        self.previous_encryption_keys.push(key);
        self
    }

    /// Sets user and password of the sentinels themselves; none by default. An empty user is the
    /// default user.
    pub fn sentinel_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        let user = Some(user.into()).filter(|user| !user.is_empty());
        self.sentinel_credentials = SentinelCredentials {
            user,
            password: Some(password.into().into()),
        };
        self
    }

    /// Starts even if Redis cannot be reached: requests with a session cookie and logins get `503`
    /// until it can.
    pub fn start_degraded(self) -> Self {
        Self {
            is_degraded_allowed: true,
            ..self
        }
    }

    /// Sets the clock; the system clock by default.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Connects. Must be called inside a Tokio runtime that lives as long as the handle and its
    /// stores.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] with a [`ConfigError`] as its source; [`ErrorKind::Store`] if
    /// Redis cannot be reached, unless [`start_degraded`](Self::start_degraded) is set.
    pub async fn connect(self) -> Result<Redis, Error> {
        let is_degraded_allowed = self.is_degraded_allowed;
        let redis = self.build().map_err(|errors| {
            Error::new(
                ErrorKind::Configuration,
                "redis: the settings cannot be used",
            )
            .with_source(errors)
        })?;
        redis.start(is_degraded_allowed).await?;
        Ok(redis)
    }

    fn build(self) -> Result<Redis, ConfigError> {
        let mut errors = self.errors();
        let encryption = self
            .encryption()
            .map_err(|error| errors.extend_from_slice(error.errors()));
        let topology = self.topology().map_err(|error| errors.push(error));
        let (Ok(encryption), Ok(topology), true) = (encryption, topology, errors.is_empty()) else {
            return Err(ConfigError::of(errors));
        };
        if topology.is_tls() && rustls_native_certs::load_native_certs().certs.is_empty() {
            return Err(ConfigErrorKind::SetupFailed {
                name: "TLS to redis",
                reason: remedy::missing_certificates(),
                source: BoxError::from("no CA certificates were loaded").into(),
            }
            .into());
        }
        let keys = Keys::new(&self.key_prefix);
        let connection = ManagedConnection::new(topology, self.operation_timeout, &keys);
        Ok(Redis::new(Inner::new(
            connection,
            keys,
            encryption,
            self.local_cache_capacity,
            self.sessions_per_subject,
            self.clock,
        )))
    }

    fn errors(&self) -> Vec<ConfigErrorKind> {
        let mut errors = Vec::new();
        let is_valid =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if self.key_prefix.is_empty() || !self.key_prefix.bytes().all(is_valid) {
            errors.push(ConfigErrorKind::InvalidCharacters {
                name: "key_prefix",
                value: self.key_prefix.clone(),
                expected: "letters, digits, hyphens, dots and underscores",
            });
        }
        if self.operation_timeout.is_zero() {
            errors.push(ConfigErrorKind::OutOfRange {
                name: "operation_timeout",
                value: format!("{:?}", self.operation_timeout),
                expected: "greater than zero",
            });
        }
        errors
    }

    fn encryption(&self) -> Result<Encryption, ConfigError> {
        let previous = self.previous_encryption_keys.iter();
        let previous: Vec<_> = previous.map(|key| key.as_slice()).collect();
        Encryption::new(
            self.encryption_key.as_ref().map(|key| key.as_slice()),
            &previous,
        )
    }

    fn topology(&self) -> Result<Topology, ConfigErrorKind> {
        let topology = match &self.address {
            Address::Single(url) => Topology::single(url),
            Address::Sentinel { urls, master } => {
                Topology::sentinel(urls, master, &self.sentinel_credentials)
            }
            Address::Cluster(urls) => Topology::cluster(urls, self.operation_timeout),
        };
        // The address may contain a password, and the error of the client may contain the address.
        topology.map_err(|_| ConfigErrorKind::InvalidUrl {
            name: "the address of redis",
            value: "[redacted]".to_owned(),
            expected: "an address like redis://127.0.0.1:6379, rediss://user:password@host:6380/0 or unix:///path",
        })
    }
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("key_prefix", &self.key_prefix)
            .field("operation_timeout", &self.operation_timeout)
            .field("local_cache_capacity", &self.local_cache_capacity)
            .field("sessions_per_subject", &self.sessions_per_subject)
            .field("start_degraded", &self.is_degraded_allowed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_errors_of_the_settings_are_reported_at_once() {
        for prefix in ["", "a b", "a:b", "课"] {
            let builder = RedisBuilder::single("no address".to_owned())
                .key_prefix(prefix)
                .operation_timeout(Duration::ZERO)
                .encryption_key([7; 31]);
            let error = builder.build().err().unwrap();
            assert_eq!(error.errors().len(), 4, "{error}");
        }
        let builder = RedisBuilder::single("redis://127.0.0.1".to_owned());
        assert!(builder.key_prefix("Site-1_a.b").build().is_ok());
    }

    #[test]
    fn literal_from_the_documentation_is_rejected_as_encryption_key() {
        let literal = "32 bytes or more, the same for all instances";
        let errors =
            |builder: RedisBuilder| builder.build().err().map(|error| error.errors().to_vec());
        let builder = || RedisBuilder::single(("redis://127.0.0.1").to_owned());
        assert_eq!(
            errors(builder().encryption_key(literal)),
            Some(vec![ConfigErrorKind::PublishedSecret {
                name: "encryption_key"
            }])
        );
        let rotated = errors(
            builder()
                .encryption_key([7; 32])
                .previous_encryption_key(literal),
        );
        assert_eq!(
            rotated,
            Some(vec![ConfigErrorKind::PublishedSecret {
                name: "previous_encryption_key"
            }])
        );
        assert!(matches!(
            &errors(builder().encryption_key([7; 31])).unwrap()[..],
            [ConfigErrorKind::OutOfRange { .. }]
        ));
    }
}
