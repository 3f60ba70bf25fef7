//! Kinds of the requests of real clients, by their header sets.

use proptest::prelude::*;

use super::*;

type Pairs = &'static [(&'static str, &'static str)];

/// One client's request and the kind that the rules (letter R) give it.
struct Case {
    client: &'static str,
    method: &'static str,
    headers: Pairs,
    kind: RequestKind,
}

const fn case(
    client: &'static str,
    method: &'static str,
    headers: Pairs,
    kind: RequestKind,
) -> Case {
    Case {
        client,
        method,
        headers,
        kind,
    }
}

const CHROMIUM_HTML: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,\
     application/signed-exchange;v=b3;q=0.7",
);
const WEBKIT_HTML: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);
const ANY: (&str, &str) = ("accept", "*/*");
const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");
const DOCUMENT: (&str, &str) = ("sec-fetch-dest", "document");
const EMPTY: (&str, &str) = ("sec-fetch-dest", "empty");
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");
const FORM_TYPE: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const MULTIPART: (&str, &str) = (
    "content-type",
    "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
);
const XHR: (&str, &str) = ("x-requested-with", "XMLHttpRequest");
const H2C: Pairs = &[
    WEBKIT_HTML,
    ("connection", "Upgrade, HTTP2-Settings"),
    ("upgrade", "h2c"),
    ("http2-settings", "AAMAAABkAAQAAP__"),
];

use RequestKind::{Form, Frame, Grpc, Navigation, Prefetch, Preflight, Script};

const CASES: &[Case] = &[
    // R1: top-level navigations of the engines.
    case(
        "Chromium, link",
        "GET",
        &[
            CHROMIUM_HTML,
            SAME_ORIGIN,
            NAVIGATE,
            ("sec-fetch-user", "?1"),
            DOCUMENT,
        ],
        Navigation,
    ),
    case(
        "Firefox, address bar",
        "GET",
        &[WEBKIT_HTML, ("sec-fetch-site", "none"), NAVIGATE, DOCUMENT],
        Navigation,
    ),
    case(
        "WebKitGTK, link",
        "GET",
        &[WEBKIT_HTML, SAME_ORIGIN, NAVIGATE, DOCUMENT],
        Navigation,
    ),
    case(
        "WPE WebKit (Safari 16), link",
        "GET",
        &[WEBKIT_HTML],
        Navigation,
    ),
    case(
        "iOS before 16.4, link",
        "GET",
        &[WEBKIT_HTML, ("accept-language", "zh-CN,zh-Hans;q=0.9")],
        Navigation,
    ),
    case(
        "navigation with Accept of anything",
        "GET",
        &[ANY, NAVIGATE, DOCUMENT],
        Navigation,
    ),
    case(
        "navigation without Accept",
        "GET",
        &[NAVIGATE, DOCUMENT],
        Navigation,
    ),
    case(
        "navigation without a destination",
        "GET",
        &[CHROMIUM_HTML, NAVIGATE],
        Navigation,
    ),
    case("HEAD of a link checker", "HEAD", &[WEBKIT_HTML], Navigation),
    case(
        "HEAD with fetch metadata",
        "HEAD",
        &[NAVIGATE, DOCUMENT],
        Navigation,
    ),
    // WeChat and relatives.
    case("WeChat on iOS", "GET", &[WEBKIT_HTML], Navigation),
    case(
        "WeChat on Android (XWEB)",
        "GET",
        &[
            CHROMIUM_HTML,
            ("x-requested-with", "com.tencent.mm"),
            ("sec-fetch-site", "none"),
            NAVIGATE,
            DOCUMENT,
        ],
        Navigation,
    ),
    case(
        "WeChat on Android, X5 core",
        "GET",
        &[CHROMIUM_HTML, ("x-requested-with", "com.tencent.mm")],
        Navigation,
    ),
    case(
        "WeChat for Windows",
        "GET",
        &[
            CHROMIUM_HTML,
            ("sec-fetch-site", "none"),
            NAVIGATE,
            ("sec-fetch-user", "?1"),
            DOCUMENT,
        ],
        Navigation,
    ),
    case(
        "WeCom on Android",
        "GET",
        &[CHROMIUM_HTML, ("x-requested-with", "com.tencent.wework")],
        Navigation,
    ),
    case(
        "X5 core, XHR",
        "GET",
        &[("accept", "text/html, */*; q=0.01"), XHR],
        Script,
    ),
    // R2: frames.
    case(
        "Chromium, iframe",
        "GET",
        &[CHROMIUM_HTML, NAVIGATE, ("sec-fetch-dest", "iframe")],
        Frame,
    ),
    case(
        "Chromium, frame of a frameset",
        "GET",
        &[CHROMIUM_HTML, NAVIGATE, ("sec-fetch-dest", "frame")],
        Frame,
    ),
    case(
        "Firefox, embed",
        "GET",
        &[ANY, NAVIGATE, ("sec-fetch-dest", "embed")],
        Frame,
    ),
    case(
        "Firefox, object",
        "GET",
        &[ANY, NAVIGATE, ("sec-fetch-dest", "object")],
        Frame,
    ),
    case(
        "Chromium, fenced frame",
        "GET",
        &[CHROMIUM_HTML, NAVIGATE, ("sec-fetch-dest", "fencedframe")],
        Frame,
    ),
    case(
        "form inside an iframe",
        "POST",
        &[
            CHROMIUM_HTML,
            FORM_TYPE,
            NAVIGATE,
            ("sec-fetch-dest", "iframe"),
        ],
        Frame,
    ),
    case(
        "iframe of a prerendered page",
        "GET",
        &[
            CHROMIUM_HTML,
            NAVIGATE,
            ("sec-fetch-dest", "iframe"),
            ("sec-purpose", "prefetch;prerender"),
        ],
        Frame,
    ),
    // R3: scripts.
    case(
        "fetch, same origin",
        "GET",
        &[ANY, SAME_ORIGIN, ("sec-fetch-mode", "cors"), EMPTY],
        Script,
    ),
    case(
        "fetch that accepts HTML",
        "GET",
        &[WEBKIT_HTML, ("sec-fetch-mode", "same-origin"), EMPTY],
        Script,
    ),
    case(
        "fetch, POST of a form",
        "POST",
        &[WEBKIT_HTML, FORM_TYPE, ("sec-fetch-mode", "cors"), EMPTY],
        Script,
    ),
    case(
        "image",
        "GET",
        &[
            ("accept", "image/avif,image/webp,*/*;q=0.8"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "image"),
        ],
        Script,
    ),
    case(
        "EventSource",
        "GET",
        &[
            ("accept", "text/event-stream"),
            ("sec-fetch-mode", "cors"),
            EMPTY,
        ],
        Script,
    ),
    case(
        "EventSource before fetch metadata",
        "GET",
        &[
            ("accept", "text/event-stream"),
            ("cache-control", "no-cache"),
        ],
        Script,
    ),
    case(
        "jQuery.get of HTML",
        "GET",
        &[("accept", "text/html, */*; q=0.01"), XHR],
        Script,
    ),
    case(
        "jQuery, POST of a form",
        "POST",
        &[("accept", "text/html, */*; q=0.01"), FORM_TYPE, XHR],
        Script,
    ),
    case(
        "XHR, header set twice",
        "GET",
        &[
            WEBKIT_HTML,
            ("x-requested-with", "XMLHttpRequest, XMLHttpRequest"),
        ],
        Script,
    ),
    case(
        "XHR, other case",
        "GET",
        &[WEBKIT_HTML, ("x-requested-with", "xmlhttprequest")],
        Script,
    ),
    case("XHR without a header that names it", "GET", &[ANY], Script),
    case(
        "htmx",
        "GET",
        &[
            ANY,
            ("hx-request", "true"),
            SAME_ORIGIN,
            ("sec-fetch-mode", "cors"),
            EMPTY,
        ],
        Script,
    ),
    case(
        "htmx, boosted, before fetch metadata",
        "GET",
        &[WEBKIT_HTML, ("hx-request", "true"), ("hx-boosted", "true")],
        Script,
    ),
    case(
        "Turbo, frame",
        "GET",
        &[
            ("accept", "text/html, application/xhtml+xml"),
            ("turbo-frame", "main"),
        ],
        Script,
    ),
    case(
        "Turbo, visit",
        "GET",
        &[
            ("accept", "text/html, application/xhtml+xml"),
            ("x-turbo-request-id", "1f"),
        ],
        Script,
    ),
    case(
        "Turbo, form",
        "POST",
        &[
            (
                "accept",
                "text/vnd.turbo-stream.html, text/html, application/xhtml+xml",
            ),
            FORM_TYPE,
        ],
        Script,
    ),
    case(
        "Turbolinks",
        "GET",
        &[
            ("accept", "text/html, application/xhtml+xml"),
            ("turbolinks-referrer", "https://campus.example/"),
        ],
        Script,
    ),
    case(
        "PJAX",
        "GET",
        &[
            ("accept", "text/html, */*; q=0.01"),
            ("x-pjax", "true"),
            ("x-pjax-container", "#main"),
        ],
        Script,
    ),
    case(
        "download by a link",
        "GET",
        &[CHROMIUM_HTML, NAVIGATE, EMPTY],
        Script,
    ),
    case(
        "service worker script",
        "GET",
        &[
            ANY,
            ("sec-fetch-mode", "same-origin"),
            ("sec-fetch-dest", "serviceworker"),
        ],
        Script,
    ),
    case(
        "unknown destination of a navigation",
        "GET",
        &[CHROMIUM_HTML, NAVIGATE, ("sec-fetch-dest", "webidentity")],
        Script,
    ),
    case(
        "WebSocket, Chromium",
        "GET",
        &[
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
        ],
        Script,
    ),
    case(
        "WebSocket, Firefox",
        "GET",
        &[
            ANY,
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-fetch-mode", "websocket"),
            EMPTY,
        ],
        Script,
    ),
    case(
        "WebSocket that claims to navigate",
        "GET",
        &[CHROMIUM_HTML, ("upgrade", "WebSocket"), NAVIGATE, DOCUMENT],
        Script,
    ),
    case(
        "WebSocket beside another offer",
        "GET",
        &[WEBKIT_HTML, ("upgrade", "h2c, websocket/13")],
        Script,
    ),
    case("curl", "GET", &[ANY], Script),
    case(
        "curl that deletes and takes HTML",
        "DELETE",
        &[WEBKIT_HTML],
        Script,
    ),
    case(
        "client that rejects HTML",
        "GET",
        &[("accept", "text/html;q=0, application/json")],
        Script,
    ),
    case(
        "client whose type only contains the name",
        "GET",
        &[("accept", "application/x-text/html, text/html5")],
        Script,
    ),
    case("no header at all", "GET", &[], Script),
    case(
        "Java's client, JSON over a h2c offer",
        "GET",
        &[
            ("accept", "application/json"),
            ("connection", "Upgrade, HTTP2-Settings"),
            ("upgrade", "h2c"),
        ],
        Script,
    ),
    // R4: other protocols in `Upgrade` are offers that a server ignores.
    case("Java's client behind a gateway", "GET", H2C, Navigation),
    case(
        "curl --http2 for HTML",
        "GET",
        &[
            ("accept", "text/html"),
            ("upgrade", "h2c"),
            ("connection", "Upgrade, HTTP2-Settings"),
        ],
        Navigation,
    ),
    case(
        "offer of TLS",
        "GET",
        &[WEBKIT_HTML, ("upgrade", "TLS/1.2, TLS/1.3")],
        Navigation,
    ),
    case(
        "Chromium behind a gateway that offers h2c",
        "GET",
        &[CHROMIUM_HTML, ("upgrade", "h2c"), NAVIGATE, DOCUMENT],
        Navigation,
    ),
    // R5: forms.
    case(
        "Chromium, form",
        "POST",
        &[CHROMIUM_HTML, FORM_TYPE, SAME_ORIGIN, NAVIGATE, DOCUMENT],
        Form,
    ),
    case(
        "Chromium, upload",
        "POST",
        &[CHROMIUM_HTML, MULTIPART, SAME_ORIGIN, NAVIGATE, DOCUMENT],
        Form,
    ),
    case(
        "payment gateway that posts back",
        "POST",
        &[
            CHROMIUM_HTML,
            FORM_TYPE,
            ("sec-fetch-site", "cross-site"),
            NAVIGATE,
            DOCUMENT,
        ],
        Form,
    ),
    case(
        "form with an Accept of anything",
        "POST",
        &[ANY, FORM_TYPE, NAVIGATE, DOCUMENT],
        Form,
    ),
    case(
        "iOS before 16.4, form",
        "POST",
        &[WEBKIT_HTML, FORM_TYPE, ("origin", "https://campus.example")],
        Form,
    ),
    case(
        "X5 core, upload",
        "POST",
        &[
            WEBKIT_HTML,
            MULTIPART,
            ("x-requested-with", "com.tencent.mm"),
        ],
        Form,
    ),
    case(
        "iOS before 16.4, plain form",
        "POST",
        &[WEBKIT_HTML, ("content-type", "Text/Plain; charset=utf-8")],
        Form,
    ),
    case(
        "JSON of a client that takes HTML",
        "POST",
        &[WEBKIT_HTML, ("content-type", "application/json")],
        Script,
    ),
    case(
        "form of a client that takes no HTML",
        "POST",
        &[ANY, FORM_TYPE],
        Script,
    ),
    // R6: speculative requests.
    case(
        "Chromium, speculation rules",
        "GET",
        &[
            CHROMIUM_HTML,
            SAME_ORIGIN,
            NAVIGATE,
            DOCUMENT,
            ("sec-purpose", "prefetch"),
        ],
        Prefetch,
    ),
    case(
        "Chromium, prerender",
        "GET",
        &[
            CHROMIUM_HTML,
            ("sec-fetch-site", "none"),
            NAVIGATE,
            DOCUMENT,
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
        ],
        Prefetch,
    ),
    case(
        "Chromium, prefetch through a proxy",
        "GET",
        &[
            CHROMIUM_HTML,
            NAVIGATE,
            DOCUMENT,
            ("sec-purpose", "prefetch;anonymous-client-ip"),
        ],
        Prefetch,
    ),
    case(
        "Chromium, link rel=prefetch",
        "GET",
        &[
            ANY,
            SAME_ORIGIN,
            ("sec-fetch-mode", "no-cors"),
            EMPTY,
            ("sec-purpose", "prefetch"),
            ("purpose", "prefetch"),
        ],
        Prefetch,
    ),
    case(
        "Firefox, link rel=prefetch",
        "GET",
        &[
            WEBKIT_HTML,
            SAME_ORIGIN,
            ("sec-fetch-mode", "no-cors"),
            EMPTY,
            ("x-moz", "prefetch"),
            ("sec-purpose", "prefetch"),
        ],
        Prefetch,
    ),
    case(
        "old Firefox, prefetch",
        "GET",
        &[WEBKIT_HTML, ("x-moz", "prefetch")],
        Prefetch,
    ),
    case(
        "old Firefox, prefetch of anything",
        "GET",
        &[ANY, ("x-moz", "prefetch")],
        Prefetch,
    ),
    case(
        "old Safari, prefetch",
        "GET",
        &[WEBKIT_HTML, ("purpose", "Prefetch")],
        Prefetch,
    ),
    case(
        "prefetch of a stylesheet",
        "GET",
        &[
            ANY,
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "style"),
            ("purpose", "prefetch"),
        ],
        Script,
    ),
    case(
        "script that names a purpose",
        "GET",
        &[
            ANY,
            ("sec-fetch-mode", "cors"),
            EMPTY,
            ("purpose", "prefetch"),
        ],
        Script,
    ),
    case(
        "XHR that names a purpose",
        "GET",
        &[WEBKIT_HTML, XHR, ("purpose", "prefetch")],
        Script,
    ),
    case(
        "preview is no prefetch",
        "GET",
        &[WEBKIT_HTML, ("purpose", "preview")],
        Navigation,
    ),
    case(
        "form that names a purpose",
        "POST",
        &[
            CHROMIUM_HTML,
            FORM_TYPE,
            NAVIGATE,
            DOCUMENT,
            ("purpose", "prefetch"),
        ],
        Form,
    ),
    case(
        "speculative navigation without a destination",
        "GET",
        &[CHROMIUM_HTML, NAVIGATE, EMPTY, ("sec-purpose", "prefetch")],
        Prefetch,
    ),
    // Decided before all other rules: preflights and gRPC.
    case(
        "gRPC, other case",
        "POST",
        &[("content-type", "Application/GRPC+proto")],
        Grpc,
    ),
    case(
        "preflight",
        "OPTIONS",
        &[
            ANY,
            ("access-control-request-method", "PUT"),
            ("sec-fetch-mode", "cors"),
            EMPTY,
        ],
        Preflight,
    ),
    case(
        "OPTIONS that claims to navigate",
        "OPTIONS",
        &[CHROMIUM_HTML, NAVIGATE, DOCUMENT],
        Preflight,
    ),
    case(
        "gRPC",
        "POST",
        &[
            ("content-type", "application/grpc+proto"),
            ("te", "trailers"),
        ],
        Grpc,
    ),
    case(
        "gRPC-Web in a browser",
        "POST",
        &[
            ANY,
            ("content-type", "application/grpc-web+proto"),
            ("sec-fetch-mode", "cors"),
            EMPTY,
        ],
        Grpc,
    ),
];

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect()
}

#[test]
fn requests_of_real_clients_get_the_documented_kind() {
    for Case {
        client,
        method,
        headers: pairs,
        kind,
    } in CASES
    {
        let method: Method = method.parse().unwrap();
        assert_eq!(RequestKind::of(&method, &headers(pairs)), *kind, "{client}");
    }
}

#[test]
fn only_navigations_are_redirected_and_only_users_get_pages() {
    let all = [Navigation, Frame, Form, Prefetch, Script, Grpc, Preflight];
    assert_eq!(
        all.map(RequestKind::may_redirect),
        [true, false, false, false, false, false, false]
    );
    assert_eq!(
        all.map(RequestKind::is_shown),
        [true, true, true, false, false, false, false]
    );
}

/// Headers that do not affect the kind.
const SILENT: &[&str] = &[
    "user-agent",
    "accept-language",
    "accept-encoding",
    "cookie",
    "referer",
    "origin",
    "host",
    "x-forwarded-for",
    "sec-fetch-user",
    "sec-fetch-site",
    "sec-ch-ua",
    "cache-control",
    "connection",
    "x-requested-by",
    "upgrade-insecure-requests",
    "dnt",
];

proptest! {
    /// Neither headers that the rules do not name nor the order of the headers change the kind.
    #[test]
    fn other_headers_do_not_change_the_kind(
        index in 0..CASES.len(),
        silent in prop::collection::vec((prop::sample::select(SILENT), "[ -~]{0,24}"), 0..6),
        turn in 0..8_usize,
    ) {
        let Case { client, method, headers: pairs, kind } = &CASES[index];
        let mut pairs = pairs.to_vec();
        let len = pairs.len().max(1);
        pairs.rotate_left(turn % len);
        let mut all = HeaderMap::new();
        for (name, value) in &silent {
            if !pairs.iter().any(|(known, _)| known == name) {
                all.append(HeaderName::from_static(name), value.parse().unwrap());
            }
        }
        all.extend(headers(&pairs).into_iter().filter_map(|(name, value)| Some((name?, value))));
        prop_assert_eq!(RequestKind::of(&method.parse().unwrap(), &all), *kind, "{}", client);
    }

    /// With fetch metadata only the mode, the destination and the purpose count.
    #[test]
    fn other_headers_do_not_overrule_fetch_metadata(
        accept in prop::sample::select(vec!["text/html", "*/*", "application/json", ""]),
        library in prop::sample::select(vec!["x-requested-with", "hx-request", "turbo-frame", "x-pjax", "accept-language"]),
        content_type in prop::sample::select(vec!["application/x-www-form-urlencoded", "application/json", ""]),
        upgrade in prop::sample::select(vec!["h2c", "TLS/1.3", "quic", ""]),
        (mode, dest, get, post) in prop::sample::select(vec![
            ("navigate", "document", Navigation, Form),
            ("navigate", "iframe", Frame, Frame),
            ("navigate", "empty", Script, Script),
            ("cors", "empty", Script, Script),
            ("no-cors", "image", Script, Script),
        ]),
    ) {
        let mut all = headers(&[]);
        for (name, value) in [
            ("accept", accept),
            (library, "XMLHttpRequest"),
            ("content-type", content_type),
            ("upgrade", upgrade),
            ("sec-fetch-mode", mode),
            ("sec-fetch-dest", dest),
        ] {
            if !value.is_empty() {
                all.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
        }
        prop_assert_eq!(RequestKind::of(&Method::GET, &all), get);
        prop_assert_eq!(RequestKind::of(&Method::POST, &all), post);
    }

    /// Any bytes in any of the headers give some kind, and never a redirect of an unsafe method.
    #[test]
    fn any_header_bytes_get_a_kind_without_a_panic(
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "BREW"]),
        values in prop::collection::vec((0..10_usize, prop::collection::vec(32..=255_u8, 0..24)), 0..8),
    ) {
        const NAMES: [&str; 10] = [
            "accept", "content-type", "upgrade", "sec-fetch-mode", "sec-fetch-dest", "sec-purpose", "purpose", "x-moz",
            "x-requested-with", "hx-request",
        ];
        let mut all = HeaderMap::new();
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                all.append(HeaderName::from_static(NAMES[name]), value);
            }
        }
        let kind = RequestKind::of(&method.parse().unwrap(), &all);
        prop_assert!(!kind.may_redirect() || method == "GET" || method == "HEAD");
        prop_assert!(kind != Form || (method != "GET" && method != "HEAD"));
    }
}
