//! Invalid input of any kind gets a clear response, causes no panic, and logs no user out.

use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;
use tower_weika::client::Transport;
use tower_weika::client::weika::WeikaClient;
use tower_weika::{AuthorizationCode, BoxError, ErrorKind};

use super::site::{ANONYMOUS, ORIGIN, soon};
use super::way::Weika;

type Site = super::site::Site<Weika>;

const WANG: &str = "oSandboxWang0000000000000001";

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics of the crate from now on, in all tasks. Panics in test code are not counted: they
/// fail their test anyway.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let former = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info
                .location()
                .is_some_and(|place| !place.file().contains("tests/"))
            {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            former(info);
        }));
    });
}

fn assert_no_panic() {
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "the crate panicked");
}

/// Writes raw bytes to the site and reads the response until the site closes the connection, or
/// until no more bytes arrive.
async fn raw(site: &Site, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(site.server.address)
        .await
        .expect("a connection");
    // The site may have closed the connection already: its response can still be read.
    let _closed = stream.write_all(bytes).await;
    let _closed = stream.shutdown().await;
    let mut response = Vec::new();
    let _reset = soon(stream.read_to_end(&mut response)).await;
    response
}

fn status(response: &[u8]) -> Option<u16> {
    std::str::from_utf8(response.get(9..12)?).ok()?.parse().ok()
}

fn request(target: &str, headers: &[u8]) -> Vec<u8> {
    let start = format!(
        "GET {target} HTTP/1.1\r\nhost: campus.example\r\nconnection: close\r\naccept: text/html\r\n"
    );
    [start.as_bytes(), headers, b"\r\n\r\n"].concat()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    })
}

#[tokio::test]
async fn malformed_requests_on_the_socket_leave_the_site_working() {
    count_panics();
    let site = Site::start().await;
    let browser = site.browser();
    site.log_in(&browser, "wang").await;
    let long_head = request("/admin", format!("x: {}", "a".repeat(1_000_000)).as_bytes());
    let many_headers = request("/admin", "x: y\r\n".repeat(10_000).trim_end().as_bytes());
    let long_target = request(&format!("/{}", "a".repeat(200_000)), b"x: y");
    let cases: [&[u8]; 12] = [
        b"",
        b"\r\n\r\n",
        b"\x00\x01\x02\xff\xfe",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /admin HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"GET /admin HTTP/1.1\r\nhost: a\r\ncookie: a\nb\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &long_head,
        &many_headers,
        &long_target,
    ];
    for case in cases {
        let response = raw(&site, case).await;
        let sane = status(&response).is_none_or(|status| (400..=505).contains(&status));
        assert!(
            sane,
            "{:.80} -> {:.80}",
            String::from_utf8_lossy(case),
            String::from_utf8_lossy(&response)
        );
        assert_eq!(site.who(&browser).await, WANG);
    }
    assert_no_panic();
}

#[tokio::test]
async fn unusual_targets_and_methods_never_reach_a_guarded_page() {
    count_panics();
    let site = Site::start().await;
    let targets = [
        "*",
        "http://evil.example/admin",
        "/admin?",
        "/admin/%2e%2e/x",
        "/admin/..%2fx",
        "//admin",
        "/admin//",
        "/%61dmin",
        "/admin/\u{7f}",
        "/admin/%ff%fe",
        "/admin/%",
        "/auth/weika/callback/",
        "/auth/weika/callback%00",
        "/AUTH/weika/callback?wxcode=1&state=1",
    ];
    for method in ["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE", "BREW"] {
        for target in targets {
            let line =
                format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            let response = raw(&site, line.as_bytes()).await;
            assert!(
                status(&response).is_some_and(|status| status >= 300),
                "{method} {target}: {response:?}"
            );
        }
    }
    assert_no_panic();
}

#[test]
fn callback_with_any_invalid_query_is_400_and_sends_no_code() {
    count_panics();
    let runtime = runtime();
    let site = runtime.block_on(Site::start());
    let browser = site.browser();
    runtime.block_on(site.log_in(&browser, "wang"));
    let calls_before = site
        .sandbox
        .call_log()
        .count(tower_weika_sandbox::Endpoint::ManagerInfo);
    let pieces = prop::sample::select(vec![
        "wxcode",
        "state",
        "=",
        "&",
        "%",
        "%ff",
        "%00",
        "%0d%0a",
        "+",
        "a",
        "wxcode=1",
        "state=2",
        "&&",
        ";",
        "?",
        "state=0000000000000000000000000000000000000000000000000000",
    ]);
    let query = prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat());
    let outcome = runner(200).run(&query, |query| {
        let response = runtime.block_on(raw(
            &site,
            &request(&format!("/auth/weika/callback?{query}"), b"x: y"),
        ));
        prop_assert_eq!(status(&response), Some(400), "{}", query);
        Ok(())
    });
    outcome.expect("every query is rejected");
    assert_eq!(
        site.sandbox
            .call_log()
            .count(tower_weika_sandbox::Endpoint::ManagerInfo),
        calls_before
    );
    assert_eq!(runtime.block_on(site.who(&browser)), WANG);
    assert_no_panic();
}

#[test]
fn k6_any_bytes_beside_the_session_cookie_change_nothing() {
    count_panics();
    let runtime = runtime();
    let site = runtime.block_on(Site::start());
    let browser = site.browser();
    runtime.block_on(site.log_in(&browser, "wang"));
    let session = site.session_cookie(&browser);
    let own = format!("{}={}", session.name, session.value).into_bytes();
    // All bytes that a server accepts in a header, except the start of a pair with the name of the
    // session cookie.
    let byte = prop_oneof![Just(b'\t'), 0x20_u8..=0x7E, 0x80_u8..=0xFF];
    let noise = prop::collection::vec(byte, 0..60);
    let outcome = runner(200).run(&(noise.clone(), noise), |(before, after)| {
        let header = [
            b"cookie: x=".as_slice(),
            &before,
            b"; ",
            &own,
            b"; ",
            &after,
        ]
        .concat();
        let response = runtime.block_on(raw(&site, &request("/", &header)));
        let text = String::from_utf8_lossy(&response);
        prop_assert!(text.ends_with(WANG), "{}", text);
        Ok(())
    });
    outcome.expect("no user is logged out");
    assert_no_panic();
}

#[test]
fn k4_any_unknown_value_of_the_session_cookie_is_anonymous_and_never_an_error() {
    count_panics();
    let runtime = runtime();
    let site = runtime.block_on(Site::start());
    let byte = prop_oneof![Just(b'\t'), 0x20_u8..=0x7E, 0x80_u8..=0xFF];
    let value = prop_oneof![
        prop::collection::vec(byte, 0..100),
        "[A-Za-z0-9_-]{43}".prop_map(String::into_bytes)
    ];
    let outcome = runner(200).run(&value, |value| {
        let header = [b"cookie: __Host-weika-session=".as_slice(), &value].concat();
        let response = runtime.block_on(raw(&site, &request("/", &header)));
        let text = String::from_utf8_lossy(&response);
        prop_assert!(
            text.starts_with("HTTP/1.1 200") && text.ends_with(ANONYMOUS),
            "{}",
            text
        );
        Ok(())
    });
    outcome.expect("every value is anonymous");
    assert_no_panic();
}

#[test]
fn flow_cookie_of_any_other_bytes_never_completes_a_login() {
    count_panics();
    let runtime = runtime();
    let site = runtime.block_on(Site::start());
    let browser = site.browser();
    let state = runtime.block_on(site.begin(&browser, "/admin"));
    let flow = browser.cookies().remove(0);
    let callback = site.callback("wang", &state);
    let target = callback.strip_prefix(ORIGIN).expect("a URL of this site");
    let byte = prop_oneof![Just(b'.'), 0x20_u8..=0x7E, 0x80_u8..=0xFF];
    // Random bytes, and the valid value with one byte changed.
    let changed = (0..flow.value.len(), "[!-~]").prop_map({
        let value = flow.value.clone();
        move |(at, byte)| {
            let mut value = value.clone();
            value.replace_range(at..=at, &byte);
            value.into_bytes()
        }
    });
    let right = flow.value.clone().into_bytes();
    let value = prop_oneof![prop::collection::vec(byte, 0..120), changed];
    let outcome = runner(200).run(&value, |value| {
        // The part before the first dot only gives the age of the cookie.
        let after_the_dot = |value: &[u8]| {
            value
                .splitn(2, |byte| *byte == b'.')
                .nth(1)
                .map(<[u8]>::to_vec)
        };
        prop_assume!(after_the_dot(&value) != after_the_dot(&right));
        let header = [b"cookie: ", flow.name.as_bytes(), b"=", &value].concat();
        let response = runtime.block_on(raw(&site, &request(target, &header)));
        prop_assert_eq!(status(&response), Some(303));
        prop_assert!(!String::from_utf8_lossy(&response).contains("weika-session="));
        Ok(())
    });
    outcome.expect("no other value completes the login");
    assert_eq!(site.sandbox.call_log().codes_exchanged(), 0);
    // The valid value still completes the login.
    assert_eq!(
        runtime
            .block_on(browser.get(&callback))
            .expect("a response")
            .text(),
        WANG
    );
    assert_no_panic();
}

#[test]
fn t9_any_return_target_stays_on_this_site() {
    count_panics();
    let runtime = runtime();
    let site = runtime.block_on(Site::start());
    let pieces = prop::sample::select(vec![
        "/",
        "//",
        "\\",
        "..",
        ".",
        "%2e",
        "%2f",
        "%5c",
        "%252f",
        "@",
        ":",
        "?",
        "#",
        "https:",
        "http://",
        "evil.example",
        "javascript:",
        "a",
        "课",
        " ",
        "%0d%0a",
        "%00",
        "\t",
        "；",
        "&",
        "=",
        "/auth/weika/logout",
    ]);
    let target = prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat());
    let outcome = runner(100).run(&target, |target| {
        runtime.block_on(async {
            let browser = site.browser();
            let state = site.begin(&browser, &target).await;
            let visit = browser
                .get_no_follow(&site.callback("wang", &state))
                .await
                .expect("a response");
            prop_assert_eq!(visit.status(), StatusCode::SEE_OTHER);
            let location = url::Url::parse(ORIGIN)
                .expect("an origin")
                .join(visit.location().unwrap_or_default());
            let location = location.expect("an address");
            prop_assert_eq!(
                location.origin().ascii_serialization(),
                ORIGIN,
                "{}",
                target
            );
            let ours = [
                "/auth/weika/login",
                "/auth/weika/callback",
                "/auth/weika/logout",
            ];
            prop_assert!(
                !ours.contains(&location.path().trim_end_matches('/')),
                "{}",
                target
            );
            Ok(())
        })
    });
    outcome.expect("every target is on this site");
    assert_no_panic();
}

/// A client whose upstream responds to the manager call with these bytes.
fn client(response: &[u8]) -> WeikaClient {
    let response = Bytes::copy_from_slice(response);
    let transport = Transport::new(service_fn(move |request: Request<Full<Bytes>>| {
        let response = match request.uri().path() {
            "/open/cgi-bin/access-token" => {
                Bytes::from(r#"{"errcode":0,"access_token":"t","expires_in":7200}"#)
            }
            _ => response.clone(),
        };
        async move { Ok::<_, BoxError>(Response::new(Full::new(response))) }
    }));
    WeikaClient::builder("KEY", "app-secret")
        .transport(transport)
        .build()
        .expect("a client")
}

#[test]
fn any_bytes_from_the_upstream_are_an_error_and_never_an_identity() {
    count_panics();
    let runtime = runtime();
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"errcode\"",
        ":",
        ",",
        "0",
        "-0",
        "0.0",
        "\"0\"",
        "6001",
        "null",
        "true",
        "\"user_id\"",
        "\"\"",
        "\"\\u0000\"",
        "1e999",
        "\"data\"",
        "\u{feff}",
        " ",
        "\\",
        "\"schools\"",
        "9223372036854775808",
    ]);
    // No piece is a usable user id, so no combination may be accepted.
    let text = prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat().into_bytes());
    let bytes = prop::collection::vec(any::<u8>(), 0..64);
    let outcome = runner(500).run(&prop_oneof![text, bytes], |response| {
        let outcome = runtime.block_on(client(&response).manager(AuthorizationCode::new("code")));
        let usable = outcome
            .as_ref()
            .is_ok_and(|manager| !manager.user_id.as_str().is_empty());
        prop_assert!(
            !usable || response.windows(9).any(|it| it == b"\"user_id\""),
            "{:?}",
            outcome
        );
        Ok(())
    });
    outcome.expect("no response yields an identity");
    assert_no_panic();
}

#[test]
fn e4_unusual_members_of_a_success_never_panic_and_keep_the_rules() {
    count_panics();
    let runtime = runtime();
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("{}".to_owned()),
        Just("[]".to_owned()),
        Just("[{},null,[{}]]".to_owned()),
        Just("\"\"".to_owned()),
        Just("1e308".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just(r#"{"school_code":"1","school_name":7,"host":null}"#.to_owned()),
        Just(r#"[{"school_code":"1"},{"school_code":""},{"school_code":7}]"#.to_owned()),
        Just(format!("\"{}\"", "x".repeat(600))),
    ];
    let names = [
        "user_id",
        "name",
        "schools",
        "cur_school",
        "manager_real_info",
        "media_info",
        "role_id",
        "parent_id",
    ];
    let values = prop::collection::vec(value, names.len());
    let outcome = runner(300).run(&values, |values| {
        let members: Vec<_> = names
            .iter()
            .zip(&values)
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        let response = format!("{{\"errcode\":0,{}}}", members.join(","));
        // None of the values is an identifier, so the user id is never usable.
        let error = runtime
            .block_on(client(response.as_bytes()).manager(AuthorizationCode::new("code")))
            .unwrap_err();
        prop_assert_eq!(error.kind(), ErrorKind::Malformed);
        let response = response.replacen("\"user_id\":", "\"user_id\":\"o1\",\"ignored\":", 1);
        let manager =
            runtime.block_on(client(response.as_bytes()).manager(AuthorizationCode::new("code")));
        let manager = manager.expect("a manager with unusual members");
        prop_assert!(manager.schools.iter().all(|school| !school.code.is_empty()));
        prop_assert!(
            manager
                .current_school()
                .is_none_or(|school| manager.schools.contains(school))
        );
        Ok(())
    });
    outcome.expect("the rules hold");
    assert_no_panic();
}

#[tokio::test]
async fn e1_response_at_the_size_limit_is_read_and_one_byte_more_is_rejected() {
    count_panics();
    let start = r#"{"errcode":0,"user_id":"o1"}"#;
    let padded = |length: usize| [start.as_bytes(), &vec![b' '; length - start.len()]].concat();
    let at_the_limit = client(&padded(64 * 1024))
        .manager(AuthorizationCode::new("code"))
        .await;
    assert_eq!(at_the_limit.unwrap().user_id.as_str(), "o1");
    let beyond = client(&padded(64 * 1024 + 1))
        .manager(AuthorizationCode::new("code"))
        .await;
    assert_eq!(beyond.unwrap_err().kind(), ErrorKind::Malformed);
    assert_no_panic();
}

#[tokio::test]
async fn k5_conflicting_session_cookies_are_anonymous_and_a_repeated_one_is_authenticated() {
    let site = Site::start().await;
    let (one, two) = (site.browser(), site.browser());
    site.log_in(&one, "wang").await;
    site.log_in(&two, "li").await;
    let pair = |browser: &tower_weika_sandbox::Browser| {
        let cookie = site.session_cookie(browser);
        format!("{}={}", cookie.name, cookie.value)
    };
    let (one, two) = (pair(&one), pair(&two));
    let cases = [
        (format!("cookie: {one}; {two}"), ANONYMOUS),
        (format!("cookie: {one}\r\ncookie: {two}"), ANONYMOUS),
        (format!("cookie: {one}; {one}"), WANG),
        (format!("cookie: {one}\r\ncookie: {one}"), WANG),
        (
            format!("cookie: %5F%5FHost-weika-session={}", "A".repeat(43)),
            ANONYMOUS,
        ),
        (format!("cookie: %5F%5FHost-weika-session=x; {one}"), WANG),
        (format!("cookie: __host-weika-session=x; {one}"), WANG),
        (format!("cookie: {one};"), WANG),
        (format!("cookie: \"{one}\""), ANONYMOUS),
    ];
    for (header, who) in cases {
        let response = raw(&site, &request("/", header.as_bytes())).await;
        assert!(
            String::from_utf8_lossy(&response).ends_with(who),
            "{header}"
        );
    }
}

#[tokio::test]
async fn slow_and_silent_connections_do_not_delay_other_logins() {
    let site = Site::start().await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(site.server.address).await.unwrap();
        stream
            .write_all(b"GET /auth/weika/callback?wxcode=")
            .await
            .unwrap();
        silent.push(stream);
    }
    let browser = site.browser();
    let login = site.log_in(&browser, "wang");
    tokio::time::timeout(Duration::from_secs(30), login)
        .await
        .unwrap();
    assert_eq!(site.who(&browser).await, WANG);
    drop(silent);
}
