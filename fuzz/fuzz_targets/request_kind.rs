//! The kind of a request (rule R). Oracle: the rules as a naive list.

#![no_main]

use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tower_weika::request::RequestKind;
use tower_weika_fuzz::split_byte;

const METHODS: [Method; 5] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::OPTIONS,
    Method::DELETE,
];
const NAMES: [&str; 13] = [
    "accept",
    "content-type",
    "upgrade",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-purpose",
    "purpose",
    "x-moz",
    "x-requested-with",
    "hx-request",
    "turbo-frame",
    "x-pjax",
    "sec-fetch-site",
];

fuzz_target!(|data: &[u8]| {
    // A method, then lines of a name by its number, and a value.
    let (method, lines) = split_byte(data);
    let method = &METHODS[usize::from(method) % METHODS.len()];
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let (name, value) = split_byte(line);
        let name = HeaderName::from_static(NAMES[usize::from(name) % NAMES.len()]);
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    let kind = RequestKind::of(method, &headers);
    let is_safe = *method == Method::GET || *method == Method::HEAD;
    let first = |name: &str| headers.get(name).map(|value| value.as_bytes());
    let (mode, destination) = (first("sec-fetch-mode"), first("sec-fetch-dest"));

    assert!(
        !kind.may_redirect() || is_safe,
        "only GET and HEAD are redirected"
    );
    assert_eq!(kind == RequestKind::Preflight, *method == Method::OPTIONS);
    if *method == Method::OPTIONS {
        return;
    }
    let is_grpc = first("content-type")
        .is_some_and(|it| it.to_ascii_lowercase().starts_with(b"application/grpc"));
    assert_eq!(kind == RequestKind::Grpc, is_grpc);
    if is_grpc {
        return;
    }
    let is_websocket = headers.get_all("upgrade").iter().any(|line| {
        let text = String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase();
        let mut offers = text.split(',').map(|offer| offer.trim_matches([' ', '\t']));
        offers.any(|offer| offer == "websocket" || offer.starts_with("websocket/"))
    });
    if is_websocket {
        assert!(
            !kind.is_shown() && !kind.may_redirect(),
            "a WebSocket is no page"
        );
    }
    if mode.is_some_and(|mode| mode != b"navigate") {
        assert!(
            matches!(kind, RequestKind::Script | RequestKind::Prefetch),
            "{kind:?}"
        );
    }
    if [
        &b"iframe"[..],
        b"frame",
        b"embed",
        b"object",
        b"fencedframe",
    ]
    .iter()
    .any(|it| destination == Some(it))
    {
        let is_navigation = !is_websocket && mode.is_none_or(|mode| mode == b"navigate");
        assert_eq!(kind == RequestKind::Frame, is_navigation, "{kind:?}");
    } else if destination.is_some_and(|destination| destination != b"document") {
        assert!(
            matches!(kind, RequestKind::Script | RequestKind::Prefetch),
            "{kind:?}"
        );
    }
    let is_library = ["hx-request", "turbo-frame", "x-pjax"]
        .iter()
        .any(|name| headers.contains_key(*name));
    if mode.is_none() && destination.is_none() && is_library {
        assert_eq!(kind, RequestKind::Script);
    }
    if mode.is_none() && destination.is_none() && !headers.contains_key("accept") {
        assert!(
            matches!(kind, RequestKind::Script | RequestKind::Prefetch),
            "{kind:?}"
        );
    }
    // A plain navigation.
    let is_plain = mode == Some(b"navigate") && destination == Some(b"document");
    if is_plain && !is_websocket && !is_safe {
        assert_eq!(kind, RequestKind::Form);
    }
    if is_plain && !is_websocket && is_safe {
        let is_speculative = ["sec-purpose", "purpose", "x-moz"]
            .iter()
            .any(|name| headers.contains_key(*name));
        assert!(kind == RequestKind::Navigation || is_speculative && kind == RequestKind::Prefetch);
    }
    if kind == RequestKind::Prefetch {
        assert!(is_safe);
        let words = ["sec-purpose", "purpose", "x-moz"]
            .into_iter()
            .flat_map(|name| headers.get_all(name));
        let has_word = |value: &HeaderValue| {
            String::from_utf8_lossy(value.as_bytes())
                .to_ascii_lowercase()
                .contains("prefetch")
        };
        assert!(words.into_iter().any(has_word));
    }
});
