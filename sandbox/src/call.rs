//! One call as it came, and how its answer is to be spoiled.

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::request::Parts;
use serde_json::{Map, Value};

use super::fault::Fault;
use super::quirk::Quirk;

pub(super) struct Call<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a Bytes,
    pub(super) quirks: &'a [Quirk],
    /// The one that changes what is said; others are none of the systems' business.
    pub(super) fault: Option<&'a Fault>,
}

impl Call<'_> {
    pub(super) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// A header as text; empty if it is not there or is none.
    pub(super) fn header(&self, name: HeaderName) -> &str {
        self.parts.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }

    /// Whether a page of another site sends this form.
    pub(super) fn is_cross_site(&self) -> bool {
        !matches!(self.header(HeaderName::from_static("sec-fetch-site")), "" | "none" | "same-origin")
    }

    /// Whether the body is labelled as JSON.
    pub(super) fn is_json(&self) -> bool {
        let media_type = self.header(header::CONTENT_TYPE).split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case("application/json")
    }

    /// The body's members; `None` if it is not a JSON object. Without the right `Content-Type` nothing is
    /// seen, as in PHP's frameworks.
    pub(super) fn members(&self) -> Option<Map<String, Value>> {
        if self.is_json() { serde_json::from_slice(self.body).ok() } else { Some(Map::new()) }
    }
}
