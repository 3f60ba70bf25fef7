//! Host and port of a request.

use http::Request;
use http::header::HOST;

/// The longest host name (RFC 1035 §2.3.4) with a port.
const MAX_LENGTH: usize = 253 + ":65535".len();

/// Host and port of a request in lower case, as the client wrote them: the port may be missing.
#[derive(Debug)]
pub(super) struct Authority {
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl Authority {
    /// Returns `None` if the request has no host, or several that differ. With an absolute target
    /// RFC 9112 §3.2.2 ignores `Host`; here both have to agree, because proxies differ.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        let target = request.uri().authority().map(|it| it.as_str().as_bytes());
        let lines = request.headers().get_all(HOST).iter();
        let mut named = target.into_iter().chain(lines.map(|line| line.as_bytes()));
        let first = Self::read(named.next()?)?;
        named
            .all(|other| other.eq_ignore_ascii_case(first.as_bytes()))
            .then_some(first)
    }

    fn read(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_LENGTH];
        let copy = bytes.get_mut(..text.len())?;
        copy.copy_from_slice(text);
        copy.make_ascii_lowercase();
        Some(Self {
            bytes,
            length: text.len(),
        })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
