//! The `Cache-Control` of guarded responses that have none.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Response};

use crate::request::RequestKind;

/// The `Cache-Control` that a response gets if it has none (rule R7): without it a shared cache may store a response
/// (RFC 9111 §3), and the back button shows a document again after a logout.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CacheControl {
    /// The response stays as it is.
    Unchanged,
    /// The response is a document.
    Document,
    /// The response is a document only if it is HTML.
    Other,
}

impl CacheControl {
    /// Returns the variant for a request. Not inlined: it would make the guard's call longer for requests that do not need it.
    #[inline(never)]
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        if RequestKind::is_for_a_document(method, headers) {
            Self::Document
        } else {
            Self::Other
        }
    }

    #[inline]
    pub(crate) fn apply<B>(self, response: &mut Response<B>) {
        if !matches!(self, Self::Unchanged) && !response.headers().contains_key(CACHE_CONTROL) {
            self.add(response.headers_mut());
        }
    }

    #[inline(never)]
    fn add(self, headers: &mut HeaderMap) {
        let is_document =
            matches!(self, Self::Document) || headers.get(CONTENT_TYPE).is_some_and(is_html);
        let value = if is_document {
            "private, no-store"
        } else {
            "private, no-cache"
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
}

fn is_html(content_type: &HeaderValue) -> bool {
    let essence = content_type
        .as_bytes()
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(cache: CacheControl, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut response = Response::new(());
        response
            .headers_mut()
            .extend(headers.iter().map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            }));
        cache.apply(&mut response);
        let values: Vec<_> = response.headers().get_all(CACHE_CONTROL).iter().collect();
        assert!(values.len() <= 1);
        values
            .first()
            .map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn r7_documents_are_not_stored_and_the_rest_is_revalidated() {
        let html = ("content-type", "Text/HTML; charset=utf-8");
        let json = ("content-type", "application/json");
        for (cache, headers, expected) in [
            (
                CacheControl::Document,
                &[json][..],
                Some("private, no-store"),
            ),
            (CacheControl::Document, &[], Some("private, no-store")),
            (CacheControl::Other, &[html], Some("private, no-store")),
            (CacheControl::Other, &[json], Some("private, no-cache")),
            (
                CacheControl::Other,
                &[("content-type", "text/html-like")],
                Some("private, no-cache"),
            ),
            (CacheControl::Other, &[], Some("private, no-cache")),
            (
                CacheControl::Document,
                &[html, ("cache-control", "public, max-age=60")],
                Some("public, max-age=60"),
            ),
            (CacheControl::Unchanged, &[html], None),
        ] {
            assert_eq!(
                applied(cache, headers).as_deref(),
                expected,
                "{cache:?} {headers:?}"
            );
        }
    }

    #[test]
    fn r7_navigations_of_every_kind_are_documents() {
        let of = |method: &Method, pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
            matches!(
                CacheControl::of(method, &pairs.collect()),
                CacheControl::Document
            )
        };
        let navigate = ("sec-fetch-mode", "navigate");
        assert!(of(
            &Method::GET,
            &[navigate, ("sec-fetch-dest", "document")]
        ));
        assert!(of(&Method::GET, &[navigate, ("sec-fetch-dest", "iframe")]));
        assert!(of(
            &Method::POST,
            &[navigate, ("sec-fetch-dest", "document")]
        ));
        assert!(of(
            &Method::GET,
            &[
                navigate,
                ("sec-fetch-dest", "document"),
                ("sec-purpose", "prefetch")
            ]
        ));
        assert!(of(&Method::GET, &[("accept", "text/html")]));
        assert!(!of(
            &Method::GET,
            &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]
        ));
        assert!(!of(&Method::GET, &[("accept", "*/*")]));
    }
}
