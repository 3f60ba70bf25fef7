use http::HeaderMap;
use http::header::HeaderName;

use super::accept::accepts;

const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
pub(super) const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");

/// Headers that only a script library sends: htmx, Turbo and its predecessor, PJAX.
const LIBRARY_HEADERS: [HeaderName; 6] = [
    HX_REQUEST,
    HeaderName::from_static("turbo-frame"),
    HeaderName::from_static("x-turbo-request-id"),
    HeaderName::from_static("turbolinks-referrer"),
    HeaderName::from_static("x-pjax"),
    HeaderName::from_static("x-pjax-container"),
];

/// Whether a client without `Sec-Fetch-*` headers says that a script has sent the request.
pub(super) fn is_sent_by_a_library(headers: &HeaderMap) -> bool {
    // Only this value: the WebViews of Android send the name of the app's package with navigations.
    let mut programs = headers
        .get_all(X_REQUESTED_WITH)
        .iter()
        .flat_map(|line| line.as_bytes().split(|b| *b == b','));
    programs.any(|program| program.trim_ascii().eq_ignore_ascii_case(b"XMLHttpRequest"))
        || accepts(headers, b"text/vnd.turbo-stream.html")
        || LIBRARY_HEADERS
            .iter()
            .any(|name| headers.contains_key(name))
}
