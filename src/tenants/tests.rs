use std::convert::Infallible;
use std::task::Poll;

use bytes::Bytes;
use http::header::{HOST, SET_COOKIE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::util::{MapRequestLayer, ServiceExt, service_fn};
use tower_layer::Layer;
use tower_service::Service;

use super::{Tenant, Tenants, TenantsLayer};
use crate::error::ConfigErrorKind;

/// The name of the layers that a request has come through.
#[derive(Clone)]
struct Name(&'static str);

type Named = MapRequestLayer<fn(Request<()>) -> Request<()>>;

fn named<const A: bool>() -> Named {
    MapRequestLayer::new(|mut request: Request<()>| {
        request
            .extensions_mut()
            .insert(Name(if A { "a" } else { "b" }));
        request
    })
}

const A: &str = "https://a.example";
const B: &str = "https://b.example:8443";

fn both() -> Tenants<Named> {
    Tenants::new()
        .tenant(A, named::<true>())
        .tenant(B, named::<false>())
}

async fn show(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let extensions = request.extensions();
    let name = extensions.get::<Name>().map_or("none", |name| name.0);
    let origin = extensions.get::<Tenant>().map_or("none", Tenant::origin);
    Ok(Response::new(Full::from(format!("{name} {origin}"))))
}

async fn ask(layer: &TenantsLayer<Named>, request: Request<()>) -> (StatusCode, String) {
    let response = layer.layer(service_fn(show)).oneshot(request).await;
    let (parts, body) = response.unwrap().into_parts();
    assert!(!parts.headers.contains_key(SET_COOKIE));
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(body.to_vec()).unwrap())
}

fn request(uri: &str, hosts: &[&str]) -> Request<()> {
    let builder = Request::get(uri);
    let builder = hosts
        .iter()
        .fold(builder, |builder, host| builder.header(HOST, *host));
    builder.body(()).unwrap()
}

#[tokio::test]
async fn p4_host_and_port_choose_the_tenant_in_every_form() {
    let layer = both().build().unwrap();
    let (a, b) = (
        (StatusCode::OK, format!("a {A}")),
        (StatusCode::OK, format!("b {B}")),
    );
    for (uri, hosts, expected) in [
        ("/", &["a.example"][..], &a),
        ("/", &["A.Example"], &a),
        ("/", &["a.example:443"], &a),
        ("https://a.example/x", &[], &a),
        ("http://a.example/x", &["a.example"], &a),
        ("/", &["a.example", "a.example"], &a),
        ("/", &["b.example:8443"], &b),
        ("https://b.example:8443/", &["B.example:8443"], &b),
    ] {
        assert_eq!(
            ask(&layer, request(uri, hosts)).await,
            *expected,
            "{uri} {hosts:?}"
        );
    }
}

#[tokio::test]
async fn p4_unknown_absent_or_conflicting_host_is_421_without_a_cookie() {
    let layer = both().build().unwrap();
    let long = "a".repeat(300);
    for (uri, hosts) in [
        ("/", &[][..]),
        ("/", &[""]),
        ("/", &["c.example"]),
        ("/", &["a.example:8443"]),
        ("/", &["a.example:80"]),
        ("/", &["b.example"]),
        ("/", &["b.example:443"]),
        ("/", &["a.example."]),
        ("/", &["user@a.example"]),
        ("/", &["a.example, b.example:8443"]),
        ("/", &["sub.a.example"]),
        ("/", &["127.0.0.1"]),
        ("/", &["a.example", "b.example:8443"]),
        ("/", &["a.example", "a.example:443"]),
        ("https://a.example/", &["b.example:8443"]),
        ("https://user@a.example/", &[]),
        ("/", &[long.as_str()]),
    ] {
        let (status, text) = ask(&layer, request(uri, hosts)).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{uri} {hosts:?}");
        assert_eq!(text, "{\"error\":\"unknown_host\"}");
    }
    // No other header names a host.
    let mut forwarded = request("/", &[]);
    for name in ["x-forwarded-host", "forwarded", "x-original-host"] {
        let value = "a.example".parse().unwrap();
        forwarded.headers_mut().insert(name, value);
    }
    let (status, _) = ask(&layer, forwarded).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn list_is_replaced_for_services_that_exist_already() {
    let layer = both().build().unwrap();
    let service = layer.layer(service_fn(show));
    let status = async |host: &str| {
        let response = service.clone().oneshot(request("/", &[host])).await;
        response.unwrap().status()
    };
    assert_eq!(status("b.example:8443").await, StatusCode::OK);
    layer
        .clone()
        .replace(Tenants::new().tenant(A, named::<true>()))
        .unwrap();
    assert_eq!(status("a.example").await, StatusCode::OK);
    assert_eq!(
        status("b.example:8443").await,
        StatusCode::MISDIRECTED_REQUEST
    );
    // An invalid list changes nothing.
    let invalid = Tenants::new().tenant("http://b.example", named::<false>());
    layer.replace(invalid).unwrap_err();
    assert_eq!(status("a.example").await, StatusCode::OK);
}

#[test]
fn all_configuration_errors_are_reported_at_once() {
    let error = both()
        .tenant("https://a.example:443", named::<true>())
        .tenant("https://a.example:8443", named::<true>())
        .tenant("http://plain.example", named::<true>())
        .tenant("https://path.example/x", named::<true>())
        .tenant("no url", named::<true>())
        .build()
        .unwrap_err();
    let kinds = error.errors();
    assert!(
        matches!(
            kinds,
            [
                ConfigErrorKind::SameHost { .. },
                ConfigErrorKind::SameHost { .. },
                ConfigErrorKind::InsecureUrl { .. },
                ConfigErrorKind::InvalidUrl { .. },
                ConfigErrorKind::InvalidUrl { .. },
            ]
        ),
        "{kinds:?}"
    );
    for local in [
        "http://a.localhost:3000",
        "http://localhost",
        "http://127.0.0.1:1",
    ] {
        Tenants::new()
            .tenant(local, named::<true>())
            .build()
            .unwrap();
    }
}

#[test]
fn only_the_service_that_was_polled_ready_is_called() {
    let (mock, mut handle) = tower_test::mock::pair::<Request<()>, Response<Full<Bytes>>>();
    let mut service = both().build().unwrap().layer(mock);
    handle.allow(0);
    let mut pending = tokio_test::task::spawn(());
    assert!(pending.enter(|cx, _| service.poll_ready(cx)).is_pending());
    handle.allow(1);
    assert!(pending.enter(|cx, _| service.poll_ready(cx)).is_ready());
    let mut response = tokio_test::task::spawn(service.call(request("/", &["a.example"])));
    assert!(response.poll().is_pending());
    let mut next = tokio_test::task::spawn(handle.next_request());
    let Poll::Ready(Some((request, send))) = next.poll() else {
        panic!("the inner service was not called");
    };
    assert_eq!(request.extensions().get::<Tenant>().unwrap().origin(), A);
    send.send_response(Response::new(Full::default()));
    assert!(response.poll().is_ready());
}
