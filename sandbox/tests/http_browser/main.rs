//! Tests of the browser against a server that sets requested cookies and returns the request.
#![expect(clippy::unwrap_used, reason = "a failure fails the test")]

mod cookie;
mod suites;
#[path = "../support/mod.rs"]
mod support;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded::{byte_serialize, parse};

use tower_weika_sandbox::{Browser, Endpoint, Sandbox, Visit};

/// `?set=` sets a cookie, `?to=` redirects (with the status `?status=`), `?again=` to itself;
/// everything is echoed.
async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let mut answer = Response::builder().status(200);
    for (name, value) in parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        answer = match &*name {
            "set" => answer.header("set-cookie", value.as_bytes()),
            "to" => answer.header("location", value.as_bytes()).status(303),
            "again" => answer.header("location", parts.uri.to_string()).status(303),
            "status" => answer.status(&*value),
            _ => answer,
        };
    }
    let headers: Map<_, _> = text(&parts.headers).collect();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let echo = json!({ "method": parts.method.as_str(), "headers": headers, "body": body });
    Ok(answer.body(Full::from(echo.to_string())).unwrap())
}

fn text(headers: &HeaderMap) -> impl Iterator<Item = (String, Value)> {
    headers.iter().map(|(name, value)| {
        (
            name.to_string(),
            json!(String::from_utf8_lossy(value.as_bytes())),
        )
    })
}

async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(echo)),
            );
        }
    });
    address
}

/// Returns `base` with one more parameter.
fn with(base: &str, name: &str, value: &str) -> String {
    let joint = if base.contains('?') { '&' } else { '?' };
    format!(
        "{base}{joint}{name}={}",
        byte_serialize(value.as_bytes()).collect::<String>()
    )
}

/// Returns a browser with routes from several origins to one server.
async fn secure() -> Browser {
    let address = server().await;
    let origins = [
        "https://app.example",
        "https://www.app.example",
        "https://other.example",
        "http://app.example",
    ];
    origins.into_iter().fold(Browser::new(), |browser, origin| {
        browser.route(origin, address)
    })
}

async fn cookies_at(browser: &Browser, url: &str) -> Option<String> {
    browser.get(url).await.unwrap().hops()[0]
        .sent_cookies
        .clone()
}

#[tokio::test]
async fn headers_are_those_of_a_navigation_a_form_and_a_script() {
    let browser = secure().await.accept_language("en").user_agent("UA");
    let headers =
        async |visit: io::Result<Visit>| visit.unwrap().json().unwrap()["headers"].clone();
    let app = "https://app.example/";
    let fetch_headers =
        |it: &Value| ["site", "mode", "dest"].map(|name| it[format!("sec-fetch-{name}")].clone());

    let typed = headers(browser.get(app).await).await;
    assert_eq!(
        (&typed["accept-language"], &typed["user-agent"]),
        (&json!("en"), &json!("UA"))
    );
    assert!(typed["accept"].as_str().unwrap().starts_with("text/html,"));
    assert_eq!(fetch_headers(&typed), ["none", "navigate", "document"]);
    assert_eq!(
        (&typed["host"], &typed["origin"]),
        (&json!("app.example"), &Value::Null)
    );

    let clicked = headers(browser.get_from("https://other.example/", app).await).await;
    assert_eq!(clicked["sec-fetch-site"], "cross-site");
    let clicked = headers(browser.get_from("https://www.app.example/", app).await).await;
    assert_eq!(clicked["sec-fetch-site"], "same-site");

    let form = headers(
        browser
            .post_from("https://other.example/x", app, "a=1")
            .await,
    )
    .await;
    assert_eq!(
        (&form["origin"], &form["sec-fetch-site"]),
        (&json!("https://other.example"), &json!("cross-site"))
    );
    assert_eq!(form["content-type"], "application/x-www-form-urlencoded");

    let script = headers(browser.fetch(app).await).await;
    assert_eq!(script["accept"], "*/*");
    assert_eq!(fetch_headers(&script), ["same-origin", "cors", "empty"]);

    let plain = headers(browser.get("http://app.example/").await).await;
    assert_eq!(
        fetch_headers(&plain),
        [Value::Null, Value::Null, Value::Null]
    );
    let loopback = headers(browser.get(&format!("http://{}/", server().await)).await).await;
    assert_eq!(loopback["sec-fetch-mode"], "navigate");
}

#[tokio::test]
async fn redirects_change_the_method_as_the_standard_says() {
    let browser = secure().await;
    let app = "https://app.example/";
    for (status, method, body) in [
        ("301", "GET", ""),
        ("302", "GET", ""),
        ("303", "GET", ""),
        ("307", "POST", "a=1"),
        ("308", "POST", "a=1"),
    ] {
        let url = with(&with(app, "to", "/end"), "status", status);
        let visit = browser.post(&url, "a=1").await.unwrap();
        let echo = visit.json().unwrap();
        assert_eq!(
            (&echo["method"], &echo["body"]),
            (&json!(method), &json!(body)),
            "{status}"
        );
        assert_eq!(visit.hops()[0].status.as_str(), status);
        assert_eq!(
            (visit.hops()[0].location.as_deref(), visit.path()),
            (Some("/end"), "/end")
        );
    }
    let elsewhere = with(&with(app, "to", "https://other.example/"), "status", "307");
    let echo = browser
        .post(&elsewhere, "a=1")
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(echo["headers"]["origin"], "null");
}

#[tokio::test]
async fn redirects_end_and_can_be_left_alone() {
    let browser = secure().await.max_redirects(3);
    let looping = "https://app.example/?again=";
    let error = browser.get(looping).await.err().unwrap();
    assert_eq!(error.to_string(), "more than 3 redirects");
    let first = browser.get_no_follow(looping).await.unwrap();
    assert_eq!((first.hops().len(), first.status().as_u16()), (1, 303));
    let script = browser
        .fetch(&with(
            "https://app.example/",
            "to",
            "https://other.example/",
        ))
        .await
        .unwrap();
    assert_eq!(script.location(), Some("https://other.example/"));
}

#[tokio::test]
async fn hanging_up_leaves_the_request_with_the_server() {
    let sandbox = Sandbox::start().await.unwrap();
    let endpoint = Endpoint::ManagerConnect;
    let url = format!("{}{}?app_key=x", sandbox.base_url(), endpoint.path());
    Browser::new()
        .get_and_hang_up(&url, Duration::ZERO)
        .await
        .unwrap();
    sandbox.call_log().reached(endpoint, 1).await;
}

#[tokio::test]
async fn debug_of_a_visit_shows_no_code_and_no_cookie() {
    let browser = secure().await;
    let url = with(
        &with("https://app.example/?wxcode=s3cr3t", "set", "a=s3cr3t"),
        "to",
        "/x?state=s3cr3t",
    );
    browser.get(&url).await.unwrap();
    let visit = browser.get(&url).await.unwrap();
    let shown = format!("{visit:?}");
    assert!(!shown.contains("s3cr3t"), "{shown}");
    assert!(shown.contains("https://app.example/"));
}

#[tokio::test]
async fn https_without_a_route_and_bodies_over_the_limit_are_errors() {
    let error = Browser::new()
        .get("https://app.example/")
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    let url = format!("http://{}/", server().await);
    assert!(Browser::new().body_limit(10).get(&url).await.is_err());
}
