//! Received call, with the variations and the fault of its reply.

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::request::Parts;
use serde_json::{Map, Value};

use crate::state::fault::Fault;
use crate::state::variation::Variation;

pub(crate) struct Call<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) body: &'a Bytes,
    pub(crate) variations: &'a [Variation],
    /// The fault of this call; the systems regard only those that change the content of the reply.
    pub(crate) fault: Option<&'a Fault>,
}

impl Call<'_> {
    /// Returns the query as received.
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// Returns a header as text; empty if it is absent or not text.
    pub(crate) fn header(&self, name: HeaderName) -> &str {
        self.parts
            .headers
            .get(name)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default()
    }

    /// Returns whether a page of another site sent the form.
    pub(crate) fn is_cross_site(&self) -> bool {
        !matches!(
            self.header(HeaderName::from_static("sec-fetch-site")),
            "" | "none" | "same-origin"
        )
    }

    /// Returns whether the `Content-Type` is JSON.
    pub(crate) fn is_json(&self) -> bool {
        let media_type = self
            .header(header::CONTENT_TYPE)
            .split(';')
            .next()
            .unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case("application/json")
    }

    /// Returns the members of the body; `None` if it is not a JSON object. With another
    /// `Content-Type` there are none, as in PHP's frameworks.
    pub(crate) fn members(&self) -> Option<Map<String, Value>> {
        if self.is_json() {
            serde_json::from_slice(self.body).ok()
        } else {
            Some(Map::new())
        }
    }
}
