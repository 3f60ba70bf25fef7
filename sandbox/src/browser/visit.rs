//! Where a request led, hop by hop.

use std::fmt;

use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

/// What a request led to in the end, and the way there.
///
/// `Debug` shows neither queries nor cookie values, because codes are in them.
#[derive(Clone)]
pub struct Visit {
    pub(super) hops: Vec<Hop>,
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// One request and its answer.
#[derive(Clone)]
#[non_exhaustive]
pub struct Hop {
    /// The method of the request.
    pub method: Method,
    /// Where it went.
    pub url: String,
    /// The `Cookie` header that went along.
    pub sent_cookies: Option<String>,
    /// The status of the answer.
    pub status: StatusCode,
    /// The `Location` header, as it came.
    pub location: Option<String>,
    /// Every `Set-Cookie` header, as it came, taken or not.
    pub set_cookies: Vec<String>,
}

impl Visit {
    /// Every request that was made, the last one last.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// The address of the last answer.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The path of that address.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// The parameter `name` of that address, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs();
        pairs.find(|(it, _)| it == name).map(|(_, value)| value.into_owned())
    }

    /// The status of the last answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the last answer.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header of the last answer, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `Location` of the last answer: something only if it was not followed.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.header(header::LOCATION.as_str())
    }

    /// The body of the last answer.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body of the last answer as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of the last answer as JSON.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Where the first link goes whose tag contains `marker`, such as `data-person="wang"`.
    #[must_use]
    pub fn link(&self, marker: &str) -> Option<String> {
        let text = self.text();
        let mut tags = text.split("<a ").skip(1).filter_map(|it| it.split_once('>'));
        let (tag, _) = tags.find(|(tag, _)| tag.contains(marker))?;
        let (_, rest) = tag.split_once("href=\"")?;
        let (href, _) = rest.split_once('"')?;
        self.url.join(&unescape(href)).ok().map(String::from)
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("hops", &self.hops).field("body_length", &self.body.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without_query = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let name = |cookie: &str| cookie.split('=').next().unwrap_or_default().trim().to_owned();
        let sent = self.sent_cookies.iter().flat_map(|it| it.split(';'));
        f.debug_struct("Hop")
            .field("method", &self.method)
            .field("url", &without_query(&self.url))
            .field("sent_cookies", &sent.map(name).collect::<Vec<_>>())
            .field("status", &self.status.as_u16())
            .field("location", &self.location.as_deref().map(without_query))
            .field("set_cookies", &self.set_cookies.iter().map(|it| name(it)).collect::<Vec<_>>())
            .finish()
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}
