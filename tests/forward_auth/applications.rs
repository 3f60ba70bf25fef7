//! The applications behind nginx: each responds with exactly what has arrived.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Starts a server over HTTP/1.1 that responds with the bytes of the request.
/// `…/status/NNN` chooses the status, and `…/cacheable` sets a `Cache-Control`.
pub(crate) async fn start_echo() -> SocketAddr {
    start(|mut stream| async move {
        let mut request = Vec::new();
        let head = loop {
            stream
                .read_buf(&mut request)
                .await
                .ok()
                .filter(|length| *length > 0)?;
            if let Some(head) = request.windows(4).position(|end| end == b"\r\n\r\n") {
                break head + 4;
            }
        };
        let text = String::from_utf8_lossy(&request[..head]).into_owned();
        let length = text.lines().find_map(|line| {
            let line = line.to_ascii_lowercase();
            line.strip_prefix("content-length: ")?.parse().ok()
        });
        while request.len() < head + length.unwrap_or(0) {
            stream
                .read_buf(&mut request)
                .await
                .ok()
                .filter(|length| *length > 0)?;
        }
        let status = text
            .split_once("/status/")
            .and_then(|(_, rest)| rest.split(' ').next());
        let is_cacheable = text.contains("/cacheable");
        let cache_control = if is_cacheable {
            "Cache-Control: max-age=60\r\n"
        } else {
            ""
        };
        let response = format!(
            "HTTP/1.1 {} Chosen\r\nContent-Length: {}\r\n{cache_control}Connection: close\r\n\r\n",
            status.unwrap_or("200"),
            request.len()
        );
        stream.write_all(response.as_bytes()).await.ok()?;
        stream.write_all(&request).await.ok()
    })
    .await
}

/// Starts a FastCGI responder, as PHP-FPM is one, that responds with its variables, one a line.
pub(crate) async fn start_fastcgi() -> SocketAddr {
    const PARAMS: u8 = 4;
    const STDIN: u8 = 5;
    const STDOUT: u8 = 6;
    const END_REQUEST: u8 = 3;

    start(|mut stream| async move {
        let mut variables = Vec::new();
        // Until the end of the input: a record without content.
        loop {
            let mut header = [0; 8];
            stream.read_exact(&mut header).await.ok()?;
            let length = u16::from_be_bytes([header[4], header[5]]);
            let mut content = vec![0; usize::from(length) + usize::from(header[6])];
            stream.read_exact(&mut content).await.ok()?;
            content.truncate(length.into());
            match header[1] {
                PARAMS => variables.extend(content),
                STDIN if content.is_empty() => break,
                _ => {}
            }
        }
        let mut output = "Content-Type: text/plain\r\n\r\n".to_owned();
        let mut rest = &variables[..];
        while !rest.is_empty() {
            let lengths = [length(&mut rest), length(&mut rest)];
            let [name, value] = lengths.map(|length| {
                let (text, others) = rest.split_at(length);
                rest = others;
                String::from_utf8_lossy(text)
            });
            output.push_str(&format!("{name}={value}\n"));
        }
        let mut response = record(STDOUT, output.as_bytes());
        response.extend(record(STDOUT, b""));
        response.extend(record(END_REQUEST, &[0; 8]));
        stream.write_all(&response).await.ok()
    })
    .await
}

/// Reads a length of FastCGI: one byte, or four.
fn length(rest: &mut &[u8]) -> usize {
    let (first, others) = rest.split_first().expect("a length");
    if first & 0x80 == 0 {
        *rest = others;
        return usize::from(*first);
    }
    let (long, others) = rest.split_at(4);
    *rest = others;
    let long = u32::from_be_bytes(long.try_into().expect("four bytes"));
    usize::try_from(long & 0x7FFF_FFFF).expect("it fits")
}

/// Returns a record of FastCGI for request 1.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("short").to_be_bytes();
    let mut record = vec![1, kind, 0, 1, high, low, 0, 0];
    record.extend(content);
    record
}

/// Serves each connection with `serve`; `None` is a client that has hung up.
async fn start<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = Option<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}
