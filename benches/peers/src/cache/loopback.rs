//! The upstream system over HTTP, on this machine.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Upstream;

/// Serves for as long as the runtime runs.
pub(super) fn serve(upstream: &Arc<Upstream>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let listener = TcpListener::from_std(listener).expect("a runtime");
    let upstream = Arc::clone(upstream);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let upstream = Arc::clone(&upstream);
            // Whoever goes away in between has been told enough.
            tokio::spawn(async move { answer_all(connection, &upstream).await.ok() });
        }
    });
    address
}

async fn answer_all(connection: TcpStream, upstream: &Upstream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut connection = BufReader::new(connection);
    while take_request(&mut connection).await? {
        let (status, body) = match upstream.answer().await {
            Some(body) => ("200 OK", body),
            None => ("503 Service Unavailable", String::new()),
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        connection.write_all((head + &body).as_bytes()).await?;
    }
    Ok(())
}

/// Reads a request to its end; what it says does not matter. False if there is none any more.
async fn take_request(connection: &mut BufReader<TcpStream>) -> io::Result<bool> {
    let mut body = 0;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(length) = line.strip_prefix("content-length:") {
            body = length.trim().parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    connection.read_exact(&mut vec![0; body]).await?;
    Ok(true)
}
