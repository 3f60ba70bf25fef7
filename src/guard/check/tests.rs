use std::convert::Infallible;
use std::future::{pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_test::mock;

use crate::body::ResponseBody;
use crate::clock::Timestamp;
use crate::error::{BoxError, ErrorKind};
use crate::guard::GuardLayer;
use crate::response::{Reason, Rejection};
use crate::session::{Authenticated, Session, SessionId, SessionTimeouts};

#[cfg(feature = "tracing")]
use crate::trace::tests::Captured;

#[derive(Debug)]
struct Person(u32);

type Body = Full<Bytes>;
type Outcome = Result<bool, BoxError>;

fn authenticated(number: u32) -> Authenticated<Person> {
    let now = Timestamp::from_unix_seconds(1_000_000);
    let (id, timeouts) = (SessionId::random().unwrap(), SessionTimeouts::default());
    Authenticated::new(Arc::new(Session::new(id, Person(number), timeouts, now)))
}

fn request(who: Option<Authenticated<Person>>) -> Request<Body> {
    let mut request = Request::new(Body::default());
    if let Some(who) = who {
        request.extensions_mut().insert(who);
    }
    request
}

/// The response of an open service behind a check, and how often that ran.
async fn pass<Fut: Future<Output = Outcome>>(
    check: impl Fn(u32) -> Fut,
    who: Option<u32>,
) -> (Response<ResponseBody<Body>>, usize) {
    let calls = AtomicUsize::new(0);
    let layer = GuardLayer::check(|person: Authenticated<Person>| {
        calls.fetch_add(1, Ordering::Relaxed);
        check(person.0)
    });
    let inside = service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Body::from("inside")))
    });
    let request = request(who.map(authenticated));
    let response = layer.layer(inside).oneshot(request).await.unwrap();
    (response, calls.load(Ordering::Relaxed))
}

fn reason(response: &Response<ResponseBody<Body>>) -> Option<&Reason> {
    let rejection = response.extensions().get::<Rejection>()?;
    assert!(rejection.is_about::<Person>());
    Some(rejection.reason())
}

#[tokio::test]
async fn check_decides_by_the_identity_after_it_has_waited() {
    let only_7 = async |number| {
        tokio::task::yield_now().await;
        Ok(number == 7)
    };
    let (response, calls) = pass(only_7, Some(7)).await;
    assert_eq!((response.status(), calls), (StatusCode::OK, 1));
    assert_eq!(response.headers()["cache-control"], "private, no-cache");
    let (response, calls) = pass(only_7, Some(8)).await;
    assert_eq!((response.status(), calls), (StatusCode::FORBIDDEN, 1));
    assert!(matches!(reason(&response), Some(Reason::Forbidden)));
}

#[tokio::test]
async fn unauthenticated_request_gets_the_login_without_a_check() {
    let (response, calls) = pass(|_| ready(Ok(true)), None).await;
    assert_eq!(calls, 0);
    assert!(matches!(reason(&response), Some(Reason::LoginRequired)));
}

#[tokio::test]
async fn failed_check_is_503_and_never_forbidden_or_unauthenticated() {
    let failing = |_| ready(Err("the database is down".into()));
    let (response, _) = pass(failing, Some(7)).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(RETRY_AFTER));
    let Some(Reason::Unavailable(error)) = reason(&response) else {
        panic!("{response:?}")
    };
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn every_rejection_by_a_check_leaves_an_event_without_the_identity() {
    for (outcome, who, expected) in [
        (Ok(false), Some(41_414), "does not satisfy the requirement"),
        (Ok(true), None, "the request is unauthenticated"),
        (Err(()), Some(41_414), "the database is down"),
    ] {
        let captured = Captured::new();
        let check = |_| ready(outcome.map_err(|()| "the database is down".into()));
        drop(pass(check, who).await);
        let text = captured.text();
        assert!(
            text.contains(expected) && text.contains("requirement=") && text.contains("Person"),
            "{text}"
        );
        assert!(!text.contains("41414"), "{text}");
    }
}

#[tokio::test]
async fn response_without_cache_control_stays_as_it_is_if_that_is_set() {
    let layer = GuardLayer::check(|_: Authenticated<Person>| ready(Outcome::Ok(true)));
    let inside =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let guarded = layer.without_cache_control().layer(inside);
    let response = guarded
        .oneshot(request(Some(authenticated(1))))
        .await
        .unwrap();
    assert!(!response.headers().contains_key("cache-control"));
}

type Mock = (
    mock::Spawn<super::Check<mock::Mock<Request<Body>, Response<Body>>, Person, Question>>,
    mock::Handle<Request<Body>, Response<Body>>,
);
type Question = Box<
    dyn Fn(Authenticated<Person>) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync,
>;

fn mocked(question: Question) -> Mock {
    mock::spawn_layer(GuardLayer::check(question))
}

#[test]
fn only_the_service_that_was_polled_ready_is_called_after_a_slow_check() {
    let (sender, receiver) = oneshot::channel::<bool>();
    let receiver = std::sync::Mutex::new(Some(receiver));
    let (mut service, mut handle) = mocked(Box::new(move |_| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        Box::pin(async move { Ok(receiver.await?) })
    }));
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    let mut response = task::spawn(service.call(request(Some(authenticated(1)))));
    assert_pending!(response.poll());
    // The mock panics when a clone of it is called that was not itself polled ready.
    sender.send(true).unwrap();
    assert!(response.is_woken());
    assert_pending!(response.poll());
    let (_, reply) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    reply.send_response(Response::new(Body::default()));
    assert_eq!(
        assert_ready!(response.poll()).unwrap().status(),
        StatusCode::OK
    );
}

#[test]
fn request_that_is_dropped_during_the_check_leaves_nothing_behind() {
    for yields in 0..3 {
        let (mut service, mut handle) = mocked(Box::new(move |person| {
            Box::pin(async move {
                for _ in 0..yields {
                    tokio::task::yield_now().await;
                }
                let _held = person;
                pending().await
            })
        }));
        handle.allow(2);
        assert_ready!(service.poll_ready()).unwrap();
        let session = Arc::new(());
        let mut request = request(Some(authenticated(1)));
        request.extensions_mut().insert(Arc::clone(&session));
        let mut response = task::spawn(service.call(request));
        for _ in 0..=yields {
            assert_pending!(response.poll());
        }
        drop(response);
        assert_eq!(Arc::strong_count(&session), 1);
        assert_pending!(task::spawn(handle.next_request()).poll());
        assert_ready!(service.poll_ready()).unwrap();
    }
}

#[test]
fn rejected_request_never_reaches_the_wrapped_service() {
    for outcome in [Ok(false), Err(())] {
        let (mut service, mut handle) = mocked(Box::new(move |_| {
            Box::pin(ready(outcome.map_err(|()| "down".into())))
        }));
        handle.allow(1);
        assert_ready!(service.poll_ready()).unwrap();
        let call = service.call(request(Some(authenticated(1))));
        assert_ready!(task::spawn(call).poll()).unwrap();
        assert_pending!(task::spawn(handle.next_request()).poll());
    }
}

#[test]
fn response_future_is_send() {
    fn assert_send(_: impl Send) {}
    let (mut service, mut handle) = mocked(Box::new(|_| Box::pin(ready(Ok(true)))));
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    assert_send(service.call(request(Some(authenticated(1)))));
}
