use std::net::SocketAddr;
use std::time::Duration;

use ::reqwest::Client;
use http::Request;
use http_body_util::Full;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::super::failure::chain;
use super::super::{Limits, Transport};
use crate::error::{Error, ErrorKind};

/// Answers every connection with `answer` after it has read one whole request, and closes it. Gives the
/// requests back.
async fn server(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    (address, task)
}

async fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"{\"wxcode\":\"c0de\"}") {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
    }
    String::from_utf8(request).unwrap()
}

async fn send_by(
    transport: &Transport,
    address: SocketAddr,
    limits: Limits,
) -> Result<bytes::Bytes, Error> {
    let request = Request::post(format!("http://{address}/call?access_token=t0ken"))
        .body(Full::from(r#"{"wxcode":"c0de"}"#))
        .unwrap();
    let answer = transport.send(request, limits, "test").await;
    if let Err(error) = &answer {
        let shown: String = chain(error)
            .map(|error| format!("{error} {error:?} "))
            .collect();
        assert!(
            !shown.contains("t0ken") && !shown.contains("c0de"),
            "{shown}"
        );
        assert!(
            !shown.contains("withheld"),
            "reqwest is asked to leave the URL out: {shown}"
        );
    }
    answer
}

async fn send(address: SocketAddr) -> Result<bytes::Bytes, Error> {
    send_by(&Transport::reqwest().unwrap(), address, Limits::default()).await
}

async fn unused_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn request_arrives_and_the_response_is_returned() {
    let (address, server) =
        server("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"errcode\":0}").await;
    assert_eq!(send(address).await.unwrap(), "{\"errcode\":0}");
    let request = server.await.unwrap();
    assert!(
        request.starts_with("POST /call?access_token=t0ken HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request
            .to_lowercase()
            .contains("\r\ncontent-length: 17\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let error = send(unused_address().await).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn a_connection_that_ends_after_the_request_is_lost() {
    let (address, server) = server("").await;
    assert_eq!(send(address).await.unwrap_err().kind(), ErrorKind::Lost);
    server.await.unwrap();
}

#[tokio::test]
async fn truncated_response_is_lost() {
    let (address, _server) = server("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"err").await;
    assert_eq!(send(address).await.unwrap_err().kind(), ErrorKind::Lost);
}

#[tokio::test]
async fn missing_response_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ours = Limits {
        total: Duration::from_millis(100),
        ..Limits::default()
    };
    let error = send_by(&Transport::reqwest().unwrap(), address, ours)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let theirs = Client::builder()
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let error = send_by(&theirs.into(), address, Limits::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn e1_redirects_are_not_followed() {
    let (address, server) =
        server("HTTP/1.1 307 Temporary Redirect\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n")
            .await;
    assert_eq!(
        send(address).await.unwrap_err().kind(),
        ErrorKind::Malformed
    );
    server.await.unwrap();
}

#[tokio::test]
async fn e1_response_after_a_redirect_is_rejected() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        for answer in [
            "HTTP/1.1 302 Found\r\nlocation: /other\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 13\r\n\r\n{\"errcode\":0}",
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let error = send_by(&Client::new().into(), address, Limits::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    server.await.unwrap();
}
