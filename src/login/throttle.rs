//! A limit on the refused codes of one client (rule A2).
//!
//! A token of the client's bucket is taken when its code is about to be sent, and given back unless the upstream system
//! refuses the code: any number of good logins from one address pass, and junk is limited.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Extensions, HeaderMap};

use crate::clock::Timestamp;
use crate::error::ConfigErrorKind;

/// Names the client of a callback request: from the peer address in the extensions, or from a header that the reverse
/// proxy sets and that clients cannot. `None`: this request is not limited.
pub trait IdentifyClient: Send + Sync + 'static {
    /// Returns the key of the client's bucket.
    fn key(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<ClientKey>;
}

impl<F> IdentifyClient for F
where
    F: Fn(&HeaderMap, &Extensions) -> Option<ClientKey> + Send + Sync + 'static,
{
    fn key(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<ClientKey> {
        self(headers, extensions)
    }
}

/// The key of a client's bucket: an address, or any bytes. Only a digest is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientKey(u64);

impl ClientKey {
    /// The key for a name: an account at the gateway, a certificate, a device.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        // Keyed at random, so that a client cannot choose a name with the digest of another.
        static DIGEST: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(DIGEST.hash_one(name))
    }
}

impl From<IpAddr> for ClientKey {
    /// An IPv4 address counts whole, also as an IPv4-mapped IPv6 address; of another IPv6 address the first 64 bits do,
    /// because one client has all addresses below them.
    fn from(address: IpAddr) -> Self {
        let network = match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)),
        };
        Self::new(&network.octets())
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientKey([redacted])")
    }
}

/// A limit on the refused codes of one client; see
/// [`LoginLayerBuilder::throttle`](super::LoginLayerBuilder::throttle).
///
/// ```
/// use std::net::SocketAddr;
///
/// use http::{Extensions, HeaderMap};
/// use tower_weika::login::{ClientKey, Throttle};
///
/// // The server puts the peer address into the extensions; axum has `ConnectInfo<SocketAddr>`.
/// let throttle = Throttle::by(|_: &HeaderMap, extensions: &Extensions| {
///     extensions.get::<SocketAddr>().map(|peer| ClientKey::from(peer.ip()))
/// });
/// ```
#[must_use]
pub struct Throttle {
    client: Box<dyn IdentifyClient>,
    burst: u32,
    refill: Duration,
    capacity: usize,
}

impl Throttle {
    /// Limits each client that `client` names. Behind a reverse proxy the peer address is the proxy's: take a header
    /// that the proxy overwrites.
    pub fn by(client: impl IdentifyClient) -> Self {
        Self {
            client: Box::new(client),
            burst: 300,
            refill: Duration::from_secs(1),
            capacity: 10_000,
        }
    }

    /// Refused codes in a row before the client has to wait. It is also the bound on the exchanges of one client that
    /// are under way at once: below the number of [calls at once](crate::client::PermitLimits::calls), many good logins
    /// behind one address could be refused. Default: 300.
    pub fn burst(self, burst: u32) -> Self {
        Self { burst, ..self }
    }

    /// The time in which a client may send one more code that is refused. Default: 1 s.
    pub fn refill(self, refill: Duration) -> Self {
        Self { refill, ..self }
    }

    /// Clients with a bucket at once, of about 50 bytes each. When there are more, new ones share one bucket. Default:
    /// 10,000.
    pub fn capacity(self, capacity: usize) -> Self {
        Self { capacity, ..self }
    }

    pub(super) fn check(&self, errors: &mut Vec<ConfigErrorKind>) {
        if self.burst == 0 || self.capacity == 0 || self.refill < Duration::from_millis(1) {
            let value = format!(
                "a burst of {}, {:?} and {} clients",
                self.burst, self.refill, self.capacity
            );
            let expected = "a burst and a number of clients above zero, and 1 ms or more";
            errors.push(ConfigErrorKind::OutOfRange {
                name: "throttle",
                value,
                expected,
            });
        }
    }

    pub(super) fn key(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<ClientKey> {
        self.client.key(headers, extensions)
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Throttle");
        debug
            .field("burst", &self.burst)
            .field("refill", &self.refill)
            .field("capacity", &self.capacity)
            .finish()
    }
}

/// The buckets of a [`Throttle`].
#[derive(Debug)]
pub(super) struct Buckets {
    pub(super) throttle: Throttle,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    clients: HashMap<ClientKey, Bucket>,
    /// Of all clients without a bucket.
    shared: Bucket,
    swept: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: u32,
    /// The time of the last refill.
    at: Timestamp,
}

impl Buckets {
    pub(super) fn new(throttle: Throttle, now: Timestamp) -> Self {
        let shared = Bucket {
            tokens: throttle.burst,
            at: now,
        };
        Self {
            throttle,
            table: Mutex::new(Table {
                clients: HashMap::new(),
                shared,
                swept: now,
            }),
        }
    }

    /// The time until the client may try again, if its bucket is empty.
    pub(super) fn verify(&self, client: ClientKey, now: Timestamp) -> Result<(), Duration> {
        let mut table = self.table();
        let bucket = table.existing(client);
        bucket.refill(&self.throttle, now);
        if bucket.tokens > 0 {
            Ok(())
        } else {
            Err(bucket.wait(&self.throttle, now))
        }
    }

    /// Takes a token; the time until there is one if the bucket is empty.
    pub(super) fn take(
        self: &Arc<Self>,
        client: ClientKey,
        now: Timestamp,
    ) -> Result<Charge, Duration> {
        let mut table = self.table();
        let bucket = table.bucket(client, &self.throttle, now);
        bucket.refill(&self.throttle, now);
        if bucket.tokens == 0 {
            return Err(bucket.wait(&self.throttle, now));
        }
        bucket.tokens -= 1;
        Ok(Charge {
            buckets: Arc::clone(self),
            client,
            is_due: false,
        })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn existing(&mut self, client: ClientKey) -> &mut Bucket {
        self.clients.get_mut(&client).unwrap_or(&mut self.shared)
    }

    fn bucket(&mut self, client: ClientKey, throttle: &Throttle, now: Timestamp) -> &mut Bucket {
        let is_full =
            self.clients.len() >= throttle.capacity && !self.clients.contains_key(&client);
        // At most once a second: it looks at all buckets.
        if is_full && (now < self.swept || now.since(self.swept) >= Duration::from_secs(1)) {
            self.swept = now;
            self.clients.retain(|_, bucket| {
                bucket.refill(throttle, now);
                bucket.tokens < throttle.burst
            });
        }
        let is_full = self.clients.len() >= throttle.capacity;
        match self.clients.entry(client) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(_) if is_full => &mut self.shared,
            Entry::Vacant(entry) => entry.insert(Bucket {
                tokens: throttle.burst,
                at: now,
            }),
        }
    }
}

impl Bucket {
    fn refill(&mut self, throttle: &Throttle, now: Timestamp) {
        if now < self.at {
            // The clock was set back.
            self.at = now;
        }
        let steps = now.since(self.at).as_millis() / throttle.refill.as_millis().max(1);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.tokens = self.tokens.saturating_add(steps).min(throttle.burst);
        self.at = if self.tokens == throttle.burst {
            now
        } else {
            self.at.plus(throttle.refill.saturating_mul(steps))
        };
    }

    fn wait(&self, throttle: &Throttle, now: Timestamp) -> Duration {
        throttle.refill.saturating_sub(now.since(self.at))
    }
}

/// A token that was taken from a bucket. It returns when this is dropped, unless it is [kept](Self::keep).
#[derive(Debug)]
pub(super) struct Charge {
    buckets: Arc<Buckets>,
    client: ClientKey,
    is_due: bool,
}

impl Charge {
    /// Keeps the token: the code was refused.
    pub(super) fn keep(mut self) {
        self.is_due = true;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if !self.is_due {
            let burst = self.buckets.throttle.burst;
            let mut table = self.buckets.table();
            let bucket = table.existing(self.client);
            bucket.tokens = bucket.tokens.saturating_add(1).min(burst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn buckets(burst: u32, capacity: usize) -> Arc<Buckets> {
        let throttle = Throttle::by(|_: &HeaderMap, _: &Extensions| None)
            .burst(burst)
            .capacity(capacity);
        Arc::new(Buckets::new(throttle, NOW))
    }

    fn client(number: u32) -> ClientKey {
        ClientKey::new(&number.to_be_bytes())
    }

    fn key(address: &str) -> ClientKey {
        ClientKey::from(address.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn ipv6_counts_by_64_bits_and_mapped_ipv4_as_ipv4() {
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_ne!(key("::ffff:192.0.2.1"), key("::1"));
    }

    #[test]
    fn token_returns_unless_it_is_kept_and_refills_with_time() {
        let buckets = buckets(2, 10);
        for _ in 0..2_000 {
            drop(buckets.take(client(1), NOW).unwrap());
        }
        for _ in 0..2 {
            buckets.take(client(1), NOW).unwrap().keep();
        }
        assert_eq!(buckets.verify(client(1), NOW), Err(Duration::from_secs(1)));
        let later = NOW.plus(Duration::from_millis(600));
        assert_eq!(
            buckets.take(client(1), later).unwrap_err(),
            Duration::from_millis(400)
        );
        let full = NOW.plus(Duration::from_secs(1));
        buckets.take(client(1), full).unwrap().keep();
        assert!(buckets.take(client(1), full).is_err());
        assert!(buckets.verify(client(2), full).is_ok(), "another client");
        // Set back: the bucket refills from there.
        assert!(buckets.take(client(1), NOW).is_err());
        assert!(buckets.take(client(1), full).is_ok());
    }

    #[test]
    fn new_clients_share_one_bucket_when_the_table_is_full_and_get_one_when_others_are_full_again()
    {
        let buckets = buckets(1, 3);
        for number in 0..3 {
            buckets.take(client(number), NOW).unwrap().keep();
        }
        buckets.take(client(10), NOW).unwrap().keep();
        assert!(
            buckets.take(client(11), NOW).is_err(),
            "it shares the bucket of client 10"
        );
        assert_eq!(buckets.table().clients.len(), 3);
        let later = NOW.plus(Duration::from_secs(1));
        buckets.take(client(11), later).unwrap().keep();
        buckets.take(client(12), later).unwrap().keep();
        assert_eq!(buckets.table().clients.len(), 2);
    }

    #[test]
    fn table_is_bounded() {
        let buckets = buckets(1, 100);
        for number in 0..10_000 {
            let _taken = buckets.take(client(number), NOW).map(Charge::keep);
        }
        assert_eq!(buckets.table().clients.len(), 100);
    }
}
