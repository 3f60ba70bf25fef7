//! The HTTP/1.1 server: serves connections with time limits, and closes them gracefully on a
//! signal.
//!
//! `axum::serve` has no time limits, so the connections are served by hyper. A client that sends
//! half a request, sends a body too slowly, keeps an idle connection, or does not read the
//! response, is disconnected.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::limits::{TimedBody, TimedWrites};
use crate::shutdown::Signals;

/// How long a client may take to send the head of a request. For hyper this is also the keep-alive
/// timeout: the time between a response and the head of the next request.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to send the body of a request.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to read a part of a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long requests in flight may take to finish after a signal. Orchestrators commonly kill after
/// 30 s.
const GRACE: Duration = Duration::from_secs(10);

/// How long the rest of a half-sent request may take to arrive after a signal.
const REST_GRACE: Duration = Duration::from_secs(1);

/// How long to wait before the next `accept` if it fails, because of too many open files for
/// example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` until a signal arrives, then finishes the requests in flight.
pub(crate) async fn serve(listener: TcpListener, app: Router, signals: Signals) -> io::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut requested = pin!(signals.requested());
    loop {
        tokio::select! {
            () = &mut requested => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, app.clone(), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "server: cannot accept a connection; trying again");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            // Removes connections that have been closed.
            Some(_) = connections.join_next() => {}
        }
    }
    tracing::info!("server: signal received; finishing the requests in flight");
    drop(listener);
    stop.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, finished).await.is_err() {
        tracing::warn!("server: stopped with requests in flight");
    }
    Ok(())
}

async fn serve_connection(stream: TcpStream, app: Router, mut stopped: watch::Receiver<bool>) {
    // Without `TCP_NODELAY` responses are only slower.
    let _unsupported = stream.set_nodelay(true);
    let requests = Arc::new(Requests::default());
    let service = {
        let (requests, stopped) = (Arc::clone(&requests), stopped.clone());
        service_fn(move |request: Request<hyper::body::Incoming>| {
            let (app, requests, stopped) = (app.clone(), Arc::clone(&requests), stopped.clone());
            start(async move {
                requests.started.fetch_add(1, Ordering::Relaxed);
                let request = request.map(|body| TimedBody::wrap(body, body_deadline(stopped)));
                let response = app.oneshot(request).await;
                requests.finished.fetch_add(1, Ordering::Relaxed);
                response
            })
        })
    };
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT);
    let stream = TokioIo::new(TimedWrites::new(stream, WRITE_TIMEOUT));
    let mut connection = pin!(server.serve_connection(stream, service));
    tokio::select! {
        served = connection.as_mut() => return log_end(served),
        _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
    }
    // Closes an idle connection at once, any other after the response.
    connection.as_mut().graceful_shutdown();
    let before = requests.progress();
    if before.is_idle() {
        match timeout(REST_GRACE, connection.as_mut()).await {
            Ok(served) => return log_end(served),
            // Half a request: its client may never send the rest.
            Err(_) if requests.progress() == before => return,
            Err(_) => {}
        }
    }
    log_end(connection.await);
}

/// Polls a response future once and returns the rest of it.
///
/// A router calls its layers at the first poll. If the client closes the connection in the same
/// moment as it sends the request, hyper drops the future before that, and the login layer would
/// never see the logout.
fn start<F: Future>(response: F) -> impl Future<Output = F::Output> {
    let mut response = Box::pin(response);
    let first = response
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    async move {
        match first {
            Poll::Ready(output) => output,
            Poll::Pending => response.await,
        }
    }
}

/// Completes when the body of a request takes too long; sooner after a signal.
async fn body_deadline(mut stopped: watch::Receiver<bool>) {
    let after_signal = async {
        // An error means that the server has stopped.
        drop(stopped.wait_for(|is_stopped| *is_stopped).await);
        sleep(REST_GRACE).await;
    };
    tokio::select! {
        () = sleep(BODY_READ_TIMEOUT) => {}
        () = after_signal => {}
    }
}

/// Logs a client that breaks off or is disconnected; no action is needed.
fn log_end(served: hyper::Result<()>) {
    if let Err(error) = served {
        tracing::debug!(%error, "server: connection closed");
    }
}

/// Counts the requests of one connection.
#[derive(Default)]
struct Requests {
    started: AtomicU64,
    finished: AtomicU64,
}

impl Requests {
    fn progress(&self) -> Progress {
        Progress {
            started: self.started.load(Ordering::Relaxed),
            finished: self.finished.load(Ordering::Relaxed),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Progress {
    started: u64,
    finished: u64,
}

impl Progress {
    fn is_idle(self) -> bool {
        self.started == self.finished
    }
}
