//! The browser against a server that sets the cookies it is told to and tells what it was sent.

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

use super::Browser;
use crate::clock::{ManualClock, Timestamp};

/// `?set=` sets a cookie, `?to=` redirects (with the status `?status=`), `?again=` to itself; everything
/// is echoed.
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

/// `base` with one parameter.
fn with(base: &str, name: &str, value: &str) -> String {
    let joint = if base.contains('?') { '&' } else { '?' };
    format!(
        "{base}{joint}{name}={}",
        byte_serialize(value.as_bytes()).collect::<String>()
    )
}

/// A browser that finds some https origins at a server, and that server's port.
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
async fn cookies_are_taken_and_sent_by_the_rules() {
    let browser = secure().await;
    let (app, www, plain) = (
        "https://app.example/",
        "https://www.app.example/",
        "http://app.example/",
    );
    for (from, set, to, sent) in [
        // Host-only and `Domain`.
        (app, "a=1", app, true),
        (app, "a=1", www, false),
        (app, "a=1; Domain=app.example", www, true),
        (www, "a=1; Domain=.App.Example", app, true),
        (www, "a=1; Domain=example", www, false),
        (www, "a=1; Domain=other.example", www, false),
        // `Secure`, and without it.
        (app, "a=1", plain, true),
        (app, "a=1; Secure", app, true),
        (app, "a=1; Secure", plain, false),
        (plain, "a=1; Secure", app, false),
        // Name prefixes, in whatever case.
        (app, "__Host-a=1; Secure; Path=/", app, true),
        (app, "__Host-a=1; Secure", app, false),
        (app, "__Host-a=1; Path=/", app, false),
        (
            app,
            "__Host-a=1; Secure; Path=/; Domain=app.example",
            app,
            false,
        ),
        (
            app,
            "__HOST-a=1; Secure; Path=/x",
            "https://app.example/x",
            false,
        ),
        (plain, "__Host-a=1; Secure; Path=/", plain, false),
        (app, "__Secure-a=1; Secure; Domain=app.example", www, true),
        (app, "__Secure-a=1", app, false),
        (app, "=__Host-a=1; Secure; Path=/", app, false),
        // `Path`.
        (app, "a=1; Path=/auth", "https://app.example/auth/x", true),
        (app, "a=1; Path=/auth", "https://app.example/author", false),
        (app, "a=1; Path=relative", app, true),
        (
            "https://app.example/a/b",
            "a=1",
            "https://app.example/a/c",
            true,
        ),
        ("https://app.example/a/b", "a=1", app, false),
        // Age.
        (app, "a=1; Max-Age=60", app, true),
        (app, "a=1; Max-Age=0", app, false),
        (app, "a=1; Max-Age=-5", app, false),
        (
            app,
            "a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            app,
            true,
        ),
        (
            app,
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            app,
            false,
        ),
        // `SameSite` and the rest.
        (app, "a=1; SameSite=None", app, false),
        (app, "a=1; SameSite=None; Secure", app, true),
        (app, "a=1; SameSite=Strict", app, true),
        (app, "bare", app, true),
        (app, "", app, false),
        (app, "a=b\tc", app, true),
    ] {
        let tab = browser.stranger();
        tab.get(&with(from, "set", set)).await.unwrap();
        assert_eq!(
            cookies_at(&tab, to).await.is_some(),
            sent,
            "{set:?} from {from} to {to}"
        );
    }
}

#[tokio::test]
async fn an_insecure_page_cannot_touch_a_secure_cookie() {
    let browser = secure().await;
    browser
        .get(&with("https://app.example/", "set", "a=good; Secure"))
        .await
        .unwrap();
    browser
        .get(&with(
            "http://app.example/",
            "set",
            "a=evil; Domain=app.example",
        ))
        .await
        .unwrap();
    browser
        .get(&with("http://app.example/", "set", "a=; Max-Age=0"))
        .await
        .unwrap();
    assert_eq!(
        cookies_at(&browser, "https://app.example/")
            .await
            .as_deref(),
        Some("a=good")
    );
}

#[tokio::test]
async fn longer_paths_come_first_and_then_older_cookies() {
    let browser = secure().await;
    let url = "https://app.example/a/b";
    for set in [
        "one=1; Path=/",
        "two=2; Path=/a",
        "three=3; Path=/",
        "one=4; Path=/",
    ] {
        browser.get(&with(url, "set", set)).await.unwrap();
    }
    assert_eq!(
        cookies_at(&browser, url).await.as_deref(),
        Some("two=2; one=4; three=3")
    );
    browser
        .get(&with(url, "set", "one=; Path=/; Max-Age=0"))
        .await
        .unwrap();
    assert_eq!(
        cookies_at(&browser, url).await.as_deref(),
        Some("two=2; three=3")
    );
}

#[tokio::test]
async fn cookies_do_not_care_for_ports_and_are_secure_on_loopback_only_when_trusted() {
    let (one, two) = (server().await, server().await);
    for (trust, expected) in [(false, "b=2"), (true, "__Host-a=1; b=2")] {
        let browser = Browser::new().trust_loopback(trust);
        let url = format!("http://{one}/");
        browser
            .get(&with(&url, "set", "__Host-a=1; Secure; Path=/"))
            .await
            .unwrap();
        browser.get(&with(&url, "set", "b=2")).await.unwrap();
        assert_eq!(
            cookies_at(&browser, &format!("http://{two}/"))
                .await
                .as_deref(),
            Some(expected)
        );
        assert_eq!(
            cookies_at(&browser, &format!("http://localhost:{}/", one.port())).await,
            None
        );
    }
}

#[tokio::test]
async fn same_site_decides_what_comes_along_from_elsewhere() {
    let browser = secure().await;
    let app = "https://app.example/";
    for set in [
        "lax=1",
        "strict=1; SameSite=Strict",
        "none=1; SameSite=None; Secure",
    ] {
        browser.get(&with(app, "set", set)).await.unwrap();
    }
    let all = Some("lax=1; strict=1; none=1");
    let other = "https://other.example/";
    let sent = async |visit: io::Result<super::Visit>| {
        visit.unwrap().hops().last().unwrap().sent_cookies.clone()
    };
    assert_eq!(sent(browser.get(app).await).await.as_deref(), all);
    assert_eq!(sent(browser.fetch(app).await).await.as_deref(), all);
    assert_eq!(sent(browser.post(app, "").await).await.as_deref(), all);
    assert_eq!(
        sent(browser.get_from("https://www.app.example/", app).await)
            .await
            .as_deref(),
        all
    );
    assert_eq!(
        sent(browser.get_from(other, app).await).await.as_deref(),
        Some("lax=1; none=1")
    );
    assert_eq!(
        sent(browser.post_from(other, app, "").await)
            .await
            .as_deref(),
        Some("none=1")
    );
    // One foreign hop makes the rest cross-site, also if the beginning was typed.
    let there_and_back = with(app, "to", &with(other, "to", app));
    assert_eq!(
        sent(browser.get(&there_and_back).await).await.as_deref(),
        Some("lax=1; none=1")
    );
}

#[tokio::test]
async fn headers_are_those_of_a_navigation_a_form_and_a_script() {
    let browser = secure().await.accept_language("en").user_agent("UA");
    let headers =
        async |visit: io::Result<super::Visit>| visit.unwrap().json().unwrap()["headers"].clone();
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
            (visit.hops()[0].location.as_deref(), visit.url().path()),
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
async fn tabs_share_cookies_and_strangers_do_not() {
    let browser = secure().await;
    let (app, tab) = ("https://app.example/", browser.clone());
    browser.get(&with(app, "set", "a=1")).await.unwrap();
    assert_eq!(cookies_at(&tab, app).await.as_deref(), Some("a=1"));
    assert_eq!(cookies_at(&browser.stranger(), app).await, None);
    tab.lose_cookies();
    assert_eq!(cookies_at(&browser, app).await, None);
    tab.refuse_cookies(true);
    browser.get(&with(app, "set", "a=1")).await.unwrap();
    assert!(browser.cookies().is_empty());
}

#[tokio::test]
async fn cookies_expire_by_the_clock() {
    let hand = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
    let browser = Browser::new().clock(hand.clock());
    browser
        .plant_cookie(
            "https://app.example/",
            "a=secret; Max-Age=60; Secure; HttpOnly",
        )
        .unwrap();
    hand.advance(Duration::from_secs(59));
    let cookies = browser.cookies();
    assert!(cookies[0].secure && cookies[0].http_only && cookies[0].host_only);
    assert!(!format!("{browser:?}").contains("secret"));
    hand.advance(Duration::from_secs(1));
    assert!(browser.cookies().is_empty());
}

#[tokio::test]
async fn hanging_up_leaves_the_request_with_the_server() {
    let sandbox = crate::sandbox::Sandbox::start().await.unwrap();
    let endpoint = crate::sandbox::Endpoint::ManagerConnect;
    let url = format!("{}{}?app_key=x", sandbox.base_url(), endpoint.path());
    Browser::new()
        .get_and_hang_up(&url, Duration::ZERO)
        .await
        .unwrap();
    sandbox.ledger().reached(endpoint, 1).await;
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
