//! Clients that stop in the middle of a request. The processes run on the real clock, so the tests
//! wait for the end of the connection, with a generous bound.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

#[cfg(unix)]
use crate::lifecycle::{signal, wait};
use crate::support::{DEADLINE, Site, command};

/// Sends `request` and nothing more, and returns all that the server sends until it closes the
/// connection.
pub(crate) fn response_to(url: &str, request: &[u8]) -> String {
    let mut stream =
        TcpStream::connect(url.trim_start_matches("http://")).expect("the server listens");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a socket with a timeout");
    stream.write_all(request).expect("the server takes it");
    let mut response = Vec::new();
    match stream.read_to_end(&mut response) {
        Ok(_) => {}
        // The server closed the connection without reading all bytes.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{:?} stays open: {error}", String::from_utf8_lossy(request)),
    }
    String::from_utf8_lossy(&response).into_owned()
}

/// The same for several concurrent requests, so that their timeouts run at the same time.
fn responses_to(url: &str, requests: &[&str]) -> Vec<String> {
    thread::scope(|scope| {
        let threads: Vec<_> = requests
            .iter()
            .map(|request| scope.spawn(|| response_to(url, request.as_bytes())))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("the server closes the connection"))
            .collect()
    })
}

const INCOMPLETE: [&str; 8] = [
    "",
    "\r\n",
    "G",
    "GET / HTTP/1.1",
    "GET / HTTP/1.1\r\nHost: x",
    "GET / HTTP/1.1\r\nHost: x\r\n",
    // The HTTP/2 connection preface: a part of it, and all of it.
    "PRI * HTTP/2.0\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

#[test]
fn connection_with_an_incomplete_request_is_closed() {
    let site = Site::start(&[]);
    let hyper = Site::run(&mut command("hyper", &[]), true);
    let sandbox = site.sandbox.as_deref().expect("it has a sandbox");
    thread::scope(|scope| {
        for url in [&site.url, &hyper.url, sandbox] {
            scope.spawn(move || {
                for (request, response) in INCOMPLETE.iter().zip(responses_to(url, &INCOMPLETE)) {
                    assert!(
                        !response.starts_with("HTTP/1.1 2"),
                        "{url} {request:?}: {response}"
                    );
                }
            });
        }
    });
}

#[test]
fn idle_connection_is_closed_after_the_response() {
    let site = Site::start(&[]);
    let whole = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let pipelined = whole.to_owned() + "GET /heal";
    for response in responses_to(&site.url, &[whole, &pipelined]) {
        assert!(
            response.starts_with("HTTP/1.1 200 ") && response.ends_with(r#"{"status":"ok"}"#),
            "{response}"
        );
    }
}

#[test]
fn connection_with_an_incomplete_body_is_closed() {
    let site = Site::start(&[]);
    let head =
        |path: &str| format!("POST {path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n");
    let mut requests = Vec::new();
    for path in [
        "/bind",
        "/pretend",
        "/auth/weika/logout",
        "/auth/wechat/logout",
        "/",
        "/nowhere",
        "/healthz",
    ] {
        requests.push(head(path) + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nmob");
        requests.push(head(path) + "Transfer-Encoding: chunked\r\n\r\n3\r\nmob\r\n");
    }
    let requests: Vec<_> = requests.iter().map(String::as_str).collect();
    for (request, response) in requests.iter().zip(responses_to(&site.url, &requests)) {
        assert!(
            response.starts_with("HTTP/1.1 "),
            "{request:?}: {response:?}"
        );
        assert!(
            !response.starts_with("HTTP/1.1 500"),
            "{request:?}: {response}"
        );
    }
}

#[test]
fn client_that_reads_nothing_is_disconnected() {
    let site = Site::start(&[]);
    let mut stream = TcpStream::connect(site.url.trim_start_matches("http://")).unwrap();
    stream.set_write_timeout(Some(2 * DEADLINE)).unwrap();
    // Writes until both buffers are full; then a write waits for the server, which waits for the
    // client.
    let requests = "GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    let error = (0..100_000).find_map(|_| stream.write_all(requests.as_bytes()).err());
    let kind = error.map(|error| error.kind());
    let is_closed = matches!(
        kind,
        Some(std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe)
    );
    assert!(is_closed, "{kind:?}");
}

#[cfg(unix)]
#[test]
fn incomplete_requests_do_not_delay_the_shutdown() {
    for name in ["TERM", "INT"] {
        let mut site = Site::start(&[]);
        let address = site.url.trim_start_matches("http://");
        let body = "POST /pretend HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 99\r\n\r\non";
        let _open: Vec<_> = INCOMPLETE
            .iter()
            .chain([&body])
            .map(|incomplete| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(incomplete.as_bytes()).unwrap();
                stream
            })
            .collect();
        // The site has accepted the connections above once it responds on a later one.
        let mut idle = TcpStream::connect(address).unwrap();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert!(idle.read(&mut [0; 16]).unwrap() > 0);
        let start = crate::redis_server::now();
        signal(&site, name);
        assert_eq!(wait(&mut site).code(), Some(0), "{name}");
        // Less than the timeout of a request head, and far less than the grace period of a request
        // in flight.
        assert!(
            start.elapsed().as_secs() < 8,
            "{name}: {:?}",
            start.elapsed()
        );
    }
}
