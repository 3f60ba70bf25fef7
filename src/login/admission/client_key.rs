use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use http::{Extensions, HeaderMap};

/// Names the client of a callback request: from the peer address in the extensions, or from a
/// header that the reverse proxy sets and that clients cannot. `None`: this request is not limited.
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
    /// Creates the key for a name: an account at the gateway, a certificate, a device.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        // Keyed at random, so that a client cannot choose a name with the digest of another.
        static DIGEST: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(DIGEST.hash_one(name))
    }
}

impl From<IpAddr> for ClientKey {
    /// All bits of an IPv4 address count, also as an IPv4-mapped IPv6 address; of another IPv6
    /// address the first 64 bits, because one client has all addresses below them.
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
