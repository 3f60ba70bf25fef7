//! Listener and connections.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::respond::Inner;

/// Listens at `address`.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Windows this would let two sandboxes share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    // For thousands of clients at once; the system lowers this to its limit.
    socket.listen(16_384)
}

/// Time for the head of a request, and until the next request over the same connection.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts connections until the task is aborted.
pub(crate) async fn accept(listener: TcpListener, inner: Arc<Inner>) {
    // Aborts all connections when this task is aborted.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, Arc::clone(&inner)));
            }
            // Out of file descriptors, most likely: some will be closed soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, inner: Arc<Inner>) {
    // An error does not matter here: a closed socket is noticed below.
    let _delayed = stream.set_nodelay(true);
    let reset = Arc::new(Notify::new());
    let service = {
        let reset = Arc::clone(&reset);
        service_fn(move |request| {
            let (inner, reset) = (Arc::clone(&inner), Arc::clone(&reset));
            async move { Ok::<_, std::convert::Infallible>(inner.respond(request, reset).await) }
        })
    };
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT);
    let mut connection = server.serve_connection(TokioIo::new(stream), service);
    let mut told_to_reset = pin!(reset.notified());
    let must_reset = poll_fn(|context| {
        if told_to_reset.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        Pin::new(&mut connection).poll(context).map(|_| false)
    })
    .await;
    if must_reset {
        let stream = connection.into_parts().io.into_inner();
        // With no time to linger, closing sends RST instead of FIN.
        let _not_supported = stream.set_zero_linger();
    }
}
