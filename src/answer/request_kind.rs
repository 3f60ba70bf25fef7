//! What sort of answer a request can use.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, UPGRADE};
use http::{HeaderMap, Method};

use super::{Language, UserAgent};

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// What sort of answer a request can use. It shapes an answer and never grants anything (rule P3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RequestKind {
    /// A person navigates: `GET`, `text/html` accepted, `Sec-Fetch-Mode` is `navigate` or absent, no upgrade.
    /// Redirects and pages make sense.
    Page,
    /// Anything else: a script's fetch, a form post, `HEAD`, a protocol upgrade. JSON makes sense.
    Data,
    /// gRPC, by its content type: the answer is a status in the headers.
    Grpc,
    /// `OPTIONS`: a preflight, which never carries a cookie. It is never redirected.
    Preflight,
}

impl RequestKind {
    /// Reads the kind off a request.
    #[must_use]
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        let has = |name: HeaderName, wanted: &str| {
            headers.get_all(name).iter().any(|value| contains(value.as_bytes(), wanted))
        };
        if *method == Method::OPTIONS {
            Self::Preflight
        } else if headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc")) {
            Self::Grpc
        } else if *method == Method::GET
            && has(ACCEPT, "text/html")
            && headers.get(SEC_FETCH_MODE).is_none_or(|mode| mode == "navigate")
            && !headers.contains_key(UPGRADE)
        {
            Self::Page
        } else {
            Self::Data
        }
    }
}

/// Who reads an answer: in which form, in which language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reader {
    pub(crate) kind: RequestKind,
    pub(crate) language: Language,
    pub(crate) browser: UserAgent,
}

impl Reader {
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            kind: RequestKind::of(method, headers),
            language: Language::of(headers),
            browser: UserAgent::of(headers),
        }
    }
}

/// Whether `wanted` is somewhere in a header, in capitals or not.
pub(super) fn contains(value: &[u8], wanted: &str) -> bool {
    value.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_kind(method: &Method, headers: &[(&'static str, &'static str)], expected: RequestKind) {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        assert_eq!(RequestKind::of(method, &headers), expected);
    }

    const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");

    #[test]
    fn a_navigation_is_a_page() {
        assert_kind(&Method::GET, &[HTML], RequestKind::Page);
        assert_kind(&Method::GET, &[HTML, ("sec-fetch-mode", "navigate")], RequestKind::Page);
        assert_kind(&Method::GET, &[("accept", "Text/HTML")], RequestKind::Page);
    }

    #[test]
    fn everything_else_is_data() {
        assert_kind(&Method::GET, &[], RequestKind::Data);
        assert_kind(&Method::GET, &[("accept", "*/*")], RequestKind::Data);
        assert_kind(&Method::GET, &[HTML, ("sec-fetch-mode", "cors")], RequestKind::Data);
        assert_kind(&Method::GET, &[HTML, ("upgrade", "websocket")], RequestKind::Data);
        assert_kind(&Method::HEAD, &[HTML], RequestKind::Data);
        assert_kind(&Method::POST, &[HTML, ("sec-fetch-mode", "navigate")], RequestKind::Data);
    }

    #[test]
    fn grpc_and_preflight_are_told_apart() {
        assert_kind(&Method::POST, &[("content-type", "application/grpc+proto")], RequestKind::Grpc);
        assert_kind(&Method::OPTIONS, &[HTML], RequestKind::Preflight);
    }
}
