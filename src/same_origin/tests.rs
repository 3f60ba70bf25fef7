use std::convert::Infallible;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_test::mock;

use super::SameOriginLayer;
use crate::error::ConfigErrorKind;
use crate::response::Pages;

#[cfg(feature = "tracing")]
use crate::trace::tests::Captured;

type Body = Full<Bytes>;
type Headers = &'static [(&'static str, &'static str)];

const OWN: &str = "https://campus.example.edu.cn";

fn layer() -> SameOriginLayer {
    SameOriginLayer::new(OWN).unwrap()
}

fn request(method: &str, headers: Headers) -> Request<Body> {
    let mut request = Request::new(Body::default());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_static(name);
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}

async fn send(layer: &SameOriginLayer, request: Request<Body>) -> (Response<()>, String) {
    let inside = service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Body::from("inside")))
    });
    let (parts, body) = layer
        .layer(inside)
        .oneshot(request)
        .await
        .unwrap()
        .into_parts();
    let text = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(text.to_vec()).unwrap();
    (Response::from_parts(parts, ()), text)
}

const UNSAFE: [&str; 7] = ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "BREW", "get"];
const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// Requests of this site, and of clients that are no browser.
const OWN_REQUESTS: [Headers; 6] = [
    &[],
    &[("origin", OWN)],
    &[("origin", OWN), ("sec-fetch-site", "same-origin")],
    &[("origin", "null"), ("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "same-origin")],
    // Neither decides.
    &[
        ("referer", "https://evil.example/"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
    ],
];

const FOREIGN_REQUESTS: [Headers; 18] = [
    &[("origin", "https://evil.example")],
    &[
        ("origin", "https://club.example.edu.cn"),
        ("sec-fetch-site", "same-site"),
    ],
    &[("origin", "https://example.edu.cn")],
    &[("origin", "https://campus.example.edu.cn.evil.example")],
    &[("origin", "https://campus.example.edu.cn:8443")],
    &[("origin", "http://campus.example.edu.cn")],
    &[
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "same-origin"),
    ],
    &[("origin", OWN), ("sec-fetch-site", "cross-site")],
    &[("origin", OWN), ("sec-fetch-site", "same-site")],
    &[("origin", "null")],
    &[("origin", "null"), ("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "none")],
    &[("origin", OWN), ("origin", "https://evil.example")],
    &[("origin", "https://evil.example"), ("origin", OWN)],
    &[
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "cross-site"),
    ],
    // No other header makes it a request of this site.
    &[
        ("origin", "https://evil.example"),
        ("referer", "https://campus.example.edu.cn/"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-http-method-override", "GET"),
        ("x-requested-with", "XMLHttpRequest"),
    ],
];

#[tokio::test]
async fn state_changing_requests_pass_only_from_pages_of_this_origin() {
    let layer = layer();
    for method in UNSAFE {
        for headers in OWN_REQUESTS {
            let (response, _) = send(&layer, request(method, headers)).await;
            assert_eq!(response.status(), StatusCode::OK, "{method} {headers:?}");
        }
        for headers in FOREIGN_REQUESTS {
            let (response, text) = send(&layer, request(method, headers)).await;
            let status = response.status();
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {headers:?}");
            assert!(!text.contains("inside"), "{method} {headers:?}");
        }
    }
}

#[tokio::test]
async fn reading_requests_pass_from_every_page() {
    let layer = layer();
    for method in SAFE {
        for headers in OWN_REQUESTS.into_iter().chain(FOREIGN_REQUESTS) {
            let (response, _) = send(&layer, request(method, headers)).await;
            assert_eq!(response.status(), StatusCode::OK, "{method} {headers:?}");
        }
    }
}

#[tokio::test]
async fn websocket_handshake_passes_only_from_pages_of_this_origin() {
    let layer = layer();
    for upgrade in ["websocket", "WebSocket", "h2c, websocket", "websocket/13"] {
        let handshake = |headers| {
            let mut request = request("GET", headers);
            let headers = request.headers_mut();
            headers.insert("connection", "Upgrade".parse().unwrap());
            headers.insert("upgrade", upgrade.parse().unwrap());
            request
        };
        for headers in OWN_REQUESTS {
            let (response, _) = send(&layer, handshake(headers)).await;
            assert_eq!(response.status(), StatusCode::OK, "{upgrade} {headers:?}");
        }
        for headers in FOREIGN_REQUESTS {
            let (response, _) = send(&layer, handshake(headers)).await;
            let status = response.status();
            assert_eq!(status, StatusCode::FORBIDDEN, "{upgrade} {headers:?}");
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        }
    }
    // Another protocol is an offer that the server ignores.
    let offer = request(
        "GET",
        &[("upgrade", "h2c"), ("origin", "https://evil.example")],
    );
    assert_eq!(send(&layer, offer).await.0.status(), StatusCode::OK);
}

#[tokio::test]
async fn form_gets_a_page_and_a_script_gets_json() {
    let form = request(
        "POST",
        &[
            ("origin", "https://club.example.edu.cn"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ],
    );
    let (response, text) = send(&layer(), form).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(text.contains("请求被拒绝"), "{text}");

    let script = request("POST", &[("origin", "https://club.example.edu.cn")]);
    let (_, text) = send(&layer(), script).await;
    assert_eq!(text, "{\"error\":\"cross_site\"}");

    let grpc = request(
        "POST",
        &[
            ("origin", "https://club.example.edu.cn"),
            ("content-type", "application/grpc-web"),
        ],
    );
    let (response, _) = send(&layer(), grpc).await;
    assert_eq!(response.headers()["grpc-status"], "7");
}

#[tokio::test]
async fn application_sets_the_page() {
    let pages = Pages::custom(|page| Response::new(format!("mine: {:?}", page.kind())));
    let form = request(
        "POST",
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ],
    );
    let (response, text) = send(&layer().pages(pages), form).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(text, "mine: CrossSite");
}

#[test]
fn only_an_origin_with_tls_or_on_loopback_is_accepted() {
    for (origin, own) in [
        ("https://campus.example.edu.cn/", OWN),
        ("https://campus.example.edu.cn:443", OWN),
        ("HTTPS://Campus.example.edu.cn", OWN),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost", "http://localhost"),
    ] {
        let layer = SameOriginLayer::new(origin).unwrap();
        assert!(
            format!("{layer:?}").contains(&format!("{own:?}")),
            "{layer:?}"
        );
    }
    for origin in [
        "",
        "campus.example.edu.cn",
        "https://campus.example.edu.cn/path",
        "https://campus.example.edu.cn?",
        "https://user:password@campus.example.edu.cn",
        "ftp://campus.example.edu.cn",
        "null",
    ] {
        let error = SameOriginLayer::new(origin).unwrap_err();
        let [ConfigErrorKind::InvalidUrl { name: "origin", .. }] = error.errors() else {
            panic!("{error}")
        };
        assert!(!error.to_string().contains("password"));
    }
    let error = SameOriginLayer::new("http://campus.example.edu.cn").unwrap_err();
    assert!(matches!(
        error.errors(),
        [ConfigErrorKind::InsecureUrl { .. }]
    ));
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn rejection_leaves_an_event_that_names_the_origin_that_is_required() {
    let captured = Captured::new();
    let headers: Headers = &[("origin", "https://evil.example"), ("cookie", "a=secret")];
    drop(send(&layer(), request("POST", headers)).await);
    let text = captured.text();
    assert!(
        text.contains("DEBUG") && text.contains("same-origin: rejected") && text.contains(OWN),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    let captured = Captured::new();
    drop(send(&layer(), request("POST", &[("origin", OWN)])).await);
    assert_eq!(captured.text(), "");
}

#[test]
fn service_is_ready_when_the_inner_one_is_and_a_rejected_request_never_reaches_it() {
    let (mut service, mut handle) = mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer());
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    let foreign = request("POST", &[("origin", "https://evil.example")]);
    assert_ready!(task::spawn(service.call(foreign)).poll()).unwrap();
    assert_pending!(task::spawn(handle.next_request()).poll());
    let mut response = task::spawn(service.call(request("POST", &[("origin", OWN)])));
    assert_pending!(response.poll());
    let (_, reply) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    reply.send_response(Response::new(Body::default()));
    assert_ready!(response.poll()).unwrap();
}
