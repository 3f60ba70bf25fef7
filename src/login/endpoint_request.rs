use bytes::BytesMut;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Method};

use super::endpoints::Endpoint;
use crate::request::RequestFacts;

/// A request to an endpoint of the layer; its body is never read.
pub(super) struct EndpointRequest {
    pub(super) method: Method,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    /// The extensions of a callback or a logout. They are dropped before the first wait.
    pub(super) extensions: Extensions,
}

impl EndpointRequest {
    /// Copies the values that refer to the read buffer of the connection: a login may wait for
    /// seconds, and hyper would allocate another buffer of 8 KiB meanwhile.
    pub(super) fn new(parts: Parts, endpoint: Endpoint) -> Self {
        let query = parts.uri.query().map(str::to_owned);
        let mut headers = parts.headers;
        copy_values(&mut headers);
        Self {
            method: parts.method,
            query,
            headers,
            extensions: match endpoint {
                Endpoint::Callback | Endpoint::Logout => parts.extensions,
                Endpoint::Login => Extensions::new(),
            },
        }
    }

    pub(super) fn facts(&self) -> RequestFacts {
        RequestFacts::of(&self.method, &self.headers)
    }
}

/// Replaces all values by copies in one buffer.
fn copy_values(headers: &mut HeaderMap) {
    let mut buffer = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    for value in headers.values() {
        buffer.extend_from_slice(value.as_bytes());
    }
    let mut buffer = buffer.freeze();
    for value in headers.values_mut() {
        let is_sensitive = value.is_sensitive();
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(buffer.split_to(value.len())) {
            copy.set_sensitive(is_sensitive);
            *value = copy;
        }
    }
}
