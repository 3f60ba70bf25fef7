use std::fmt;
use std::time::Duration;

use http::{Extensions, HeaderMap};

use super::{ClientKey, IdentifyClient};
use crate::error::ConfigErrorKind;

/// A limit on the rejected codes of one client; see
/// [`LoginLayerBuilder::throttle`](crate::login::LoginLayerBuilder::throttle).
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
    pub(super) burst: u32,
    pub(super) refill: Duration,
    pub(super) capacity: usize,
}

impl Throttle {
    /// Limits each client that `client` names. Behind a reverse proxy the peer address is the
    /// proxy's: take a header that the proxy overwrites.
    pub fn by(client: impl IdentifyClient) -> Self {
        Self {
            client: Box::new(client),
            burst: 300,
            refill: Duration::from_secs(1),
            capacity: 10_000,
        }
    }

    /// Sets how many rejected codes in a row a client may send before it has to wait. This is also
    /// the bound on the exchanges of one client that are under way at once: below the number of
    /// [concurrent calls](crate::client::weika::WeikaClientBuilder::max_calls), many valid logins
    /// behind one address could be rejected. Default: 300.
    pub fn burst(self, burst: u32) -> Self {
        Self { burst, ..self }
    }

    /// Sets the time after which a client may send one more code that is rejected. Default: 1 s.
    pub fn refill(self, refill: Duration) -> Self {
        Self { refill, ..self }
    }

    /// Sets how many clients have a bucket at once, of about 50 bytes each. Beyond that, new
    /// clients share one bucket. Default: 10,000.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_refills_every_millisecond_at_most() {
        let errors = |refill| {
            let mut errors = Vec::new();
            let throttle = Throttle::by(|_: &HeaderMap, _: &Extensions| None).refill(refill);
            throttle.check(&mut errors);
            errors.len()
        };
        assert_eq!(errors(Duration::from_millis(1)), 0);
        assert_eq!(errors(Duration::from_micros(999)), 1);
    }
}
