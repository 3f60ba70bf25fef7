//! Readiness, robustness and shutdown.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitStatus};
use std::sync::PoisonError;
use std::sync::mpsc::RecvTimeoutError;

use serde_json::json;
use tower_weika_sandbox::{Browser, Endpoint, Fault, Gate, Sandbox};

use crate::support::{DEADLINE, Site};
use crate::{free_address, log_in, site_at};

/// Sends a signal, as an orchestrator does.
pub(crate) fn signal(site: &Site, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &site.child.id().to_string()])
        .status();
    assert!(status.expect("kill is everywhere").success());
}

/// Waits until the process exits by itself.
#[track_caller]
pub(crate) fn wait(site: &mut Site) -> ExitStatus {
    match site.stdout.recv_timeout(DEADLINE) {
        Err(RecvTimeoutError::Disconnected) => site.child.wait().expect("a child of this process"),
        other => panic!("the site did not exit: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_end_the_process() {
    for name in ["TERM", "INT"] {
        let mut site = Site::start(&[]);
        // A browser keeps its idle connection open, which must not delay the exit.
        let mut idle = TcpStream::connect(site.url.trim_start_matches("http://")).unwrap();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert!(idle.read(&mut [0; 16]).unwrap() > 0);
        signal(&site, name);
        assert_eq!(wait(&mut site).code(), Some(0), "{name}");
    }
}

#[test]
fn signal_right_after_the_announcement_is_caught() {
    for name in ["TERM", "INT"].into_iter().cycle().take(20) {
        let mut site = Site::start(&[]);
        signal(&site, name);
        assert_eq!(wait(&mut site).code(), Some(0), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_in_flight_completes_before_the_exit() {
    let weika = Sandbox::start().await.unwrap();
    let mut site = site_at(&weika, &[]);
    let gate = Gate::new();
    weika
        .faults()
        .once(Endpoint::ManagerInfo, Fault::Held(gate.clone()));
    let page = Browser::new()
        .get(&format!("{}/auth/weika/login", site.url))
        .await
        .unwrap();
    let browser = Browser::new();
    let page = browser.get(page.hops()[0].url.as_str()).await.unwrap();
    let approve = page.link("data-person=\"wang\"").unwrap();
    let back = browser.get_no_follow(&approve).await.unwrap();
    let callback = back.location().unwrap().to_owned();
    let in_flight = tokio::spawn(async move { browser.get_no_follow(&callback).await });
    weika.call_log().reached(Endpoint::ManagerInfo, 1).await;

    signal(&site, "TERM");
    let address = site.url.trim_start_matches("http://").to_owned();
    let refused = async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, refused)
        .await
        .expect("new connections are refused");
    assert!(!in_flight.is_finished());
    gate.open();
    let response = in_flight.await.unwrap().unwrap();
    assert_eq!(
        (response.status().as_u16(), response.location()),
        (303, Some("/"))
    );
    assert_eq!(wait(&mut site).code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn site_without_weika_is_alive_and_not_ready() {
    let dead = format!("http://{}", free_address().unwrap());
    let variables = [
        ("WEIKA_APP_KEY", "KEY"),
        ("WEIKA_APP_SECRET", "s3cr3t"),
        ("WEIKA_BASE_URL", dead.as_str()),
    ];
    let site = Site::start(&variables);
    let browser = Browser::new();
    assert_eq!(
        browser
            .get(&format!("{}/healthz", site.url))
            .await
            .unwrap()
            .status(),
        200
    );
    for _ in 0..2 {
        let ready = browser.get(&format!("{}/readyz", site.url)).await.unwrap();
        assert_eq!(ready.status(), 503);
        let expected = json!({
            "ready": false,
            "token": { "status": "failing", "error": "Connect" },
            "store": { "status": "ok", "kind": "memory" },
        });
        assert_eq!(ready.json(), Some(expected));
    }
    assert_eq!(
        browser
            .get(&format!("{}/", site.url))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_site_reports_each_component() {
    let site = Site::start(&[]);
    let browser = Browser::new();
    let alive = browser.get(&format!("{}/healthz", site.url)).await.unwrap();
    assert_eq!(alive.json(), Some(json!({ "status": "ok" })));
    let ready = browser.get(&format!("{}/readyz", site.url)).await.unwrap();
    let expected = json!({
        "ready": true,
        "token": { "status": "fresh" },
        "store": { "status": "ok", "kind": "memory" },
    });
    assert_eq!(
        (ready.status().as_u16(), ready.json()),
        (200, Some(expected))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_never_crashes_the_site() {
    let mut site = Site::start(&[]);
    let long = "a".repeat(20_000);
    let requests = [
        b"\x00\x01\x02\xFF\xFE\r\n\r\n".to_vec(),
        b"GET".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET http://other.example/admin HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET //admin HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /admin%2f..%00 HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n".to_vec(),
        b"GET /admin/\xE4\xB8\xAD HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /admin/%FF%FE HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n".to_vec(),
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: \xFF=\xFE;;;=;a\r\nAccept-Language: \xFF;q=9e99\r\n\r\n".to_vec(),
        b"GET /auth/weika/callback?state=%00&wxcode=%FF&state HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /auth/weika/login?return_to=//evil.example%0d%0a HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /auth/wechat/callback?state=%00&code=%FF&state HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /bind?return_to=%FF&return_to=//x HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n".to_vec(),
        b"POST /bind HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n%FF".to_vec(),
        b"POST /pretend HTTP/1.1\r\nHost: x\r\nOrigin: \xFF\r\nContent-Length: 1\r\n\r\nx".to_vec(),
        b"GET /app%2f..%00 HTTP/1.1\r\nHost: x\r\nUser-Agent: \xFFMicroMessenger\r\nAccept: text/html\r\n\r\n".to_vec(),
        b"POST /auth/weika/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\nx".to_vec(),
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n".to_vec(),
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(),
        format!("GET /auth/weika/login?return_to=/{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(),
        format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: weika-session={long}\r\n\r\n").into_bytes(),
        [b"GET / HTTP/1.1\r\n".to_vec(), b"A: b\r\n".repeat(5_000), b"\r\n".to_vec()].concat(),
    ];
    for request in requests {
        let mut stream = TcpStream::connect(site.url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        // The site may close the connection before everything is sent, or during a response.
        let _hung_up = stream.write_all(&request);
        let _half_closed = stream.shutdown(std::net::Shutdown::Write);
        let mut response = Vec::new();
        let _hung_up = stream.read_to_end(&mut response);
        assert!(
            !response.starts_with(b"HTTP/1.1 500"),
            "{}",
            String::from_utf8_lossy(&request)
        );
    }
    let page = log_in(&Browser::new(), &format!("{}/admin", site.url), "wang").await;
    assert_eq!(page.status(), 200);
    assert_eq!(site.child.try_wait().unwrap(), None, "the site still runs");
    let stderr = site.stderr.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(!stderr.contains("panicked"), "{stderr}");
}
