//! Result of a navigation, hop by hop.

use std::fmt;

use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

/// Last response of a navigation, and the redirects before it.
///
/// `Debug` shows neither queries nor cookie values, because they contain codes.
#[derive(Clone)]
pub struct Visit {
    pub(crate) hops: Vec<Hop>,
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// One request and its response.
#[derive(Clone)]
#[non_exhaustive]
pub struct Hop {
    /// The method of the request.
    pub method: Method,
    /// The address of the request.
    pub url: String,
    /// The `Cookie` header of the request.
    pub sent_cookies: Option<String>,
    /// The status of the response.
    pub status: StatusCode,
    /// The `Location` header as received.
    pub location: Option<String>,
    /// Every `Set-Cookie` header as received, whether it was stored or not.
    pub set_cookies: Vec<String>,
}

impl Visit {
    /// Returns every request, in order.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// Returns the address of the last response.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Returns the path of that address.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Returns the parameter `name` of that address, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs();
        pairs
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Returns the status of the last response.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers of the last response.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns a header of the last response, if it is present and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the `Location` of the last response: present only if it was not followed.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.header(header::LOCATION.as_str())
    }

    /// Returns the body of the last response.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body of the last response as text; invalid UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body of the last response as JSON.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns the address of the first link whose tag contains `marker`, such as
    /// `data-person="wang"`.
    #[must_use]
    pub fn link(&self, marker: &str) -> Option<String> {
        let text = self.text();
        let mut tags = text
            .split("<a ")
            .skip(1)
            .filter_map(|it| it.split_once('>'));
        let (tag, _) = tags.find(|(tag, _)| tag.contains(marker))?;
        let (_, rest) = tag.split_once("href=\"")?;
        let (href, _) = rest.split_once('"')?;
        self.url.join(&unescape(href)).ok().map(String::from)
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit")
            .field("hops", &self.hops)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without_query = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let name = |cookie: &str| {
            cookie
                .split('=')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let sent = self.sent_cookies.iter().flat_map(|it| it.split(';'));
        f.debug_struct("Hop")
            .field("method", &self.method)
            .field("url", &without_query(&self.url))
            .field("sent_cookies", &sent.map(name).collect::<Vec<_>>())
            .field("status", &self.status.as_u16())
            .field("location", &self.location.as_deref().map(without_query))
            .field(
                "set_cookies",
                &self
                    .set_cookies
                    .iter()
                    .map(|it| name(it))
                    .collect::<Vec<_>>(),
            )
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
