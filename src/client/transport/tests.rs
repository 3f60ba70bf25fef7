use std::convert::Infallible;
use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{Empty, Full};
use tower::{Service, service_fn};

use super::failure::chain;
use super::*;
use crate::error::{BoxError, Error, ErrorKind};

fn request() -> Request<Full<Bytes>> {
    Request::post("https://weika.example/call?access_token=t0ken")
        .body(Full::from("{}"))
        .unwrap()
}

async fn send(transport: &Transport) -> Result<Bytes, Error> {
    transport.send(request(), Limits::default(), "test").await
}

/// Everything that an error shows anywhere.
fn shown(error: &Error) -> String {
    chain(error)
        .map(|error| format!("{error} {error:?} "))
        .collect()
}

fn answering(status: u16, body: impl Into<Bytes>) -> Transport {
    let body = body.into();
    Transport::new(service_fn(move |_: Request<Full<Bytes>>| {
        let body = Full::new(body.clone());
        async move { Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap()) }
    }))
}

fn failing<E>(error: impl Fn() -> E + Clone + Send + Sync + 'static) -> Transport
where
    E: Into<BoxError> + Send + 'static,
{
    Transport::new(service_fn(move |_: Request<Full<Bytes>>| {
        let error = error();
        async move { Err::<Response<Empty<Bytes>>, _>(error) }
    }))
}

#[tokio::test]
async fn e1_only_status_200_is_accepted() {
    assert_eq!(send(&answering(200, "{}")).await.unwrap(), "{}");
    for (status, kind) in [
        (201, ErrorKind::Malformed),
        (204, ErrorKind::Malformed),
        (301, ErrorKind::Malformed),
        (307, ErrorKind::Malformed),
        (400, ErrorKind::Malformed),
        (401, ErrorKind::Malformed),
        (404, ErrorKind::Malformed),
        (429, ErrorKind::Fault),
        (500, ErrorKind::Fault),
        (502, ErrorKind::Fault),
    ] {
        let error = send(&answering(status, r#"{"errcode":0,"a":"s3cr3t"}"#))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert!(!shown(&error).contains("s3cr3t"));
        assert!(shown(&error).contains(&status.to_string()), "{error:?}");
    }
}

#[tokio::test]
async fn e1_response_may_have_64_kib_and_no_more() {
    let most = Limits::default().max_body;
    assert_eq!(most, 65_536);
    assert_eq!(
        send(&answering(200, vec![b' '; most])).await.unwrap().len(),
        most
    );
    let error = send(&answering(200, vec![b' '; most + 1]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn e1_endless_response_is_not_read_to_its_end() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let transport = Transport::new(service_fn(move |_: Request<Full<Bytes>>| {
        let count = Arc::clone(&count);
        let stream = Endless(count);
        async move { Ok::<_, Infallible>(Response::new(stream)) }
    }));
    assert_eq!(
        send(&transport).await.unwrap_err().kind(),
        ErrorKind::Malformed
    );
    assert!(sent.load(Ordering::SeqCst) <= 65);
}

struct Endless(Arc<AtomicUsize>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1024])))))
    }
}

#[tokio::test(start_paused = true)]
async fn e1_a_service_that_hangs_is_a_timeout() {
    let transport = Transport::new(service_fn(|_: Request<Full<Bytes>>| async {
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    }));
    let before = tokio::time::Instant::now();
    assert_eq!(
        send(&transport).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
    assert_eq!(before.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn e1_a_body_that_hangs_is_a_timeout() {
    let transport = Transport::new(service_fn(|_: Request<Full<Bytes>>| async {
        let stream = frames::<Infallible>(vec![Ok(Frame::data(Bytes::from_static(b"{")))]);
        Ok::<_, Infallible>(Response::new(stream))
    }));
    assert_eq!(
        send(&transport).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_gets_ready_has_sent_nothing() {
    let transport = Transport::new(NeverReady);
    assert_eq!(
        send(&transport).await.unwrap_err().kind(),
        ErrorKind::Connect
    );
}

#[derive(Clone)]
struct NeverReady;

impl Service<Request<Full<Bytes>>> for NeverReady {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Pending<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _request: Request<Full<Bytes>>) -> Self::Future {
        panic!("called without being ready")
    }
}

#[tokio::test]
async fn the_clone_that_is_ready_is_the_one_that_is_called() {
    assert!(send(&Transport::new(Strict { ready: false })).await.is_ok());
}

struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl Service<Request<Full<Bytes>>> for Strict {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<Full<Bytes>>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready));
        std::future::ready(Ok(Response::new(Empty::new())))
    }
}

#[tokio::test]
async fn unmarked_error_is_lost() {
    let kind = async |transport: Transport| send(&transport).await.unwrap_err().kind();
    assert_eq!(
        kind(failing(|| io::Error::from(io::ErrorKind::ConnectionReset))).await,
        ErrorKind::Lost
    );
    assert_eq!(
        kind(failing(|| io::Error::from(
            io::ErrorKind::ConnectionRefused
        )))
        .await,
        ErrorKind::Lost
    );
    assert_eq!(
        kind(failing(|| TransportFailure::NotSent("refused".into()))).await,
        ErrorKind::Connect
    );
    assert_eq!(
        kind(failing(|| io::Error::other(TransportFailure::NotSent(
            "refused".into()
        ))))
        .await,
        ErrorKind::Connect
    );
    assert_eq!(
        kind(failing(|| Wrapped(TransportFailure::NotSent(
            "refused".into()
        ))))
        .await,
        ErrorKind::Connect
    );
    assert_eq!(
        kind(failing(|| TransportFailure::TimedOut("slow".into()))).await,
        ErrorKind::Timeout
    );
    assert_eq!(
        kind(failing(|| io::Error::from(io::ErrorKind::TimedOut))).await,
        ErrorKind::Timeout
    );
}

#[derive(Debug, thiserror::Error)]
#[error("wrapped")]
struct Wrapped(#[source] TransportFailure);

#[tokio::test]
async fn error_while_reading_the_response_is_lost_even_if_marked_not_sent() {
    let transport = Transport::new(service_fn(|_: Request<Full<Bytes>>| async {
        let list = vec![
            Ok(Frame::data(Bytes::from_static(b"{"))),
            Err(TransportFailure::NotSent("really".into())),
        ];
        Ok::<_, Infallible>(Response::new(frames(list)))
    }));
    assert_eq!(send(&transport).await.unwrap_err().kind(), ErrorKind::Lost);
}

#[tokio::test]
async fn an_error_that_quotes_the_url_is_withheld() {
    let quoting =
        failing(|| BoxError::from("failed: https://weika.example/call?access_token=t0ken"));
    let error = send(&quoting).await.unwrap_err();
    assert!(!shown(&error).contains("t0ken"), "{}", shown(&error));
    let error = send(&failing(|| BoxError::from("reset by peer")))
        .await
        .unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "reset by peer");
}

/// A body of these frames that then hangs.
fn frames<E>(list: Vec<Result<Frame<Bytes>, E>>) -> Frames<E> {
    Frames(list.into())
}

struct Frames<E>(std::collections::VecDeque<Result<Frame<Bytes>, E>>);

impl<E: Unpin> Body for Frames<E> {
    type Data = Bytes;
    type Error = E;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.0
            .pop_front()
            .map_or(Poll::Pending, |frame| Poll::Ready(Some(frame)))
    }
}
