//! Clients that stop in the middle of a request. The clock is paused: it jumps to the time-out when
//! nothing else is left.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

/// Sends `request` and nothing more, and returns all that the sandbox sends and the time until it
/// closes the connection.
async fn answer_to(sandbox: &Sandbox, request: &str) -> (String, Duration) {
    let start = Instant::now();
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset closes the connection as well.
    let _reset = stream.read_to_end(&mut answer).await;
    (String::from_utf8(answer).unwrap(), start.elapsed())
}

const LIMIT: Duration = Duration::from_secs(11);

#[tokio::test(start_paused = true)]
async fn half_a_request_is_closed() {
    let sandbox = Sandbox::start().await.unwrap();
    for request in [
        "",
        "\r\n",
        "G",
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\nhost: x",
        "GET / HTTP/1.1\r\nhost: x\r\n",
    ] {
        let (answer, after) = answer_to(&sandbox, request).await;
        assert_eq!(answer, "", "{request:?}");
        assert!(after <= LIMIT, "{request:?} was kept for {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_connection_is_closed_after_the_answer() {
    let sandbox = Sandbox::start().await.unwrap();
    let whole = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    for request in [whole.to_owned(), whole.to_owned() + "GET /"] {
        let (answer, after) = answer_to(&sandbox, &request).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("</html>"),
            "{answer}"
        );
        assert!(after <= LIMIT, "{request:?} was kept for {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_body_is_answered_and_closed() {
    let sandbox = Sandbox::start().await.unwrap();
    for path in [TOKEN, OPEN_ID, LOOKUP, Endpoint::Control.path()] {
        for body in [
            "content-length: 9\r\n\r\n{",
            "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        ] {
            let (answer, after) = answer_to(
                &sandbox,
                &format!("POST {path} HTTP/1.1\r\nhost: x\r\n{body}"),
            )
            .await;
            assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
            assert!(after <= LIMIT, "{path} was kept for {after:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn body_that_nothing_reads_does_not_keep_the_connection() {
    let sandbox = Sandbox::start().await.unwrap();
    let request = "POST /unknown HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    let (answer, after) = answer_to(&sandbox, request).await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(after <= LIMIT, "it was kept for {after:?}");
}
