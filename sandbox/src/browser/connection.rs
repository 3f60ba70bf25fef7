//! One request over one connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use url::{Host, Url};

/// Request to be written; `headers` are without `Host` and `Content-Length`.
pub(crate) struct OutgoingRequest<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Address to connect to, if it is not that of the host.
    pub(crate) route: Option<SocketAddr>,
}

impl OutgoingRequest<'_> {
    /// Sends it and reads the whole response, of at most `limit` bytes.
    pub(crate) async fn send(self, limit: usize) -> io::Result<Response<Bytes>> {
        let stream = self.connect().await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        // Ends with the sender, at the end of this function or when it is dropped.
        let driver = tokio::spawn(connection);
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target().parse().map_err(io::Error::other)?;
        *request.headers_mut() = self.headers.clone();
        let host = self.host().try_into().map_err(io::Error::other)?;
        request.headers_mut().insert(header::HOST, host);
        let response = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, limit)
            .collect()
            .await
            .map_err(io::Error::other)?;
        drop(sender);
        // A failure after the whole response does not matter.
        let _late = driver.await;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    /// Writes it, waits, and closes the connection without reading.
    pub(crate) async fn send_and_hang_up(self, after: Duration) -> io::Result<()> {
        let mut stream = self.connect().await?;
        let mut text = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\n",
            self.method,
            self.target(),
            self.host()
        )
        .into_bytes();
        for (name, value) in &self.headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        stream.write_all(&text).await?;
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        stream.shutdown().await
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let port = self.url.port_or_known_default().unwrap_or(80);
        let stream = match (self.route, self.url.scheme(), self.url.host()) {
            (Some(address), ..) => TcpStream::connect(address).await?,
            (None, "http", Some(Host::Ipv4(ip))) => TcpStream::connect((ip, port)).await?,
            (None, "http", Some(Host::Ipv6(ip))) => TcpStream::connect((ip, port)).await?,
            (None, "http", Some(Host::Domain(name))) => {
                if name == "localhost" || name.ends_with(".localhost") {
                    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?
                } else {
                    TcpStream::connect((name, port)).await?
                }
            }
            _ => {
                let message = "only http, unless `Browser::route` says where this origin is";
                return Err(io::Error::new(io::ErrorKind::Unsupported, message));
            }
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn target(&self) -> String {
        let query = self
            .url
            .query()
            .map(|it| format!("?{it}"))
            .unwrap_or_default();
        format!("{}{query}", self.url.path())
    }

    fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}
