//! A client over TLS that sends exactly the headers of a test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The limit of one request. Generous: only a failure takes that long.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// Returns the value of a header that is there at most once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} {self:?}");
        value
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| &**value)
    }
}

/// Sends a request with these headers, in this order and, with HTTP/1.1, in this case.
pub(crate) async fn send(
    (port, certificate): (u16, &Path),
    protocol: Protocol,
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let exchange = async {
        let stream = connect(port, certificate, protocol).await;
        match protocol {
            Protocol::Http1 => over_http1(stream, port, (method, target), headers, body).await,
            Protocol::Http2 => over_http2(stream, port, (method, target), headers, body).await,
        }
    };
    timeout(DEADLINE, exchange)
        .await
        .expect("a response in time")
}

async fn connect(port: u16, certificate: &Path, protocol: Protocol) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    roots.add(certificate).expect("a root");
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let offer: &[u8] = match protocol {
        Protocol::Http1 => b"http/1.1",
        Protocol::Http2 => b"h2",
    };
    config.alpn_protocols = vec![offer.to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("nginx");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = stream.await.expect("a TLS connection");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(offer));
    stream
}

async fn over_http1(
    mut stream: TlsStream<TcpStream>,
    port: u16,
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{lines}\r\n{body}"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("nginx reads");
    let mut reply = Vec::new();
    stream
        .read_to_end(&mut reply)
        .await
        .expect("nginx responds");
    let reply = String::from_utf8(reply).expect("text");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let mut head = head.lines();
    let status = head.next().and_then(|line| line.split(' ').nth(1));
    let headers: Vec<_> = head
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let is_chunked = headers.iter().any(|(name, _)| name == "transfer-encoding");
    Reply {
        status: status.expect("a status").parse().expect("a number"),
        headers,
        body: if is_chunked {
            unchunked(body)
        } else {
            body.to_owned()
        },
    }
}

/// Returns the data of chunks (RFC 9112 §7.1).
fn unchunked(mut chunks: &str) -> String {
    let mut data = String::new();
    while let Some((length, rest)) = chunks.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("the length of a chunk");
        data.push_str(&rest[..length]);
        chunks = rest[length..]
            .strip_prefix("\r\n")
            .expect("the end of a chunk");
        if length == 0 {
            break;
        }
    }
    data
}

async fn over_http2(
    stream: TlsStream<TcpStream>,
    port: u16,
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("https://localhost:{port}{target}"));
    for (name, value) in headers {
        // Names are in lower case in HTTP/2.
        let name = HeaderName::try_from(*name).expect("a name");
        request = request.header(name, *value);
    }
    let request = request
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a request");
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let response: Response<_> = sender.send_request(request).await.expect("a response");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    connection.abort();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = value.to_str().expect("ASCII");
        (name.to_string(), value.to_owned())
    });
    Reply {
        status: parts.status,
        headers: headers.collect(),
        body: String::from_utf8(body.to_vec()).expect("text"),
    }
}
