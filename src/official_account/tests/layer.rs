//! The Tower contract and the rules of the layer, polled by hand.

use std::convert::Infallible;
use std::future::{Ready, ready};

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use tower::{Layer, Service, ServiceExt};
use tower_test::mock;

use super::*;
use crate::response::{Page, Pages};

type Body = Full<Bytes>;

/// Answers with what is in the extensions.
fn known(request: &Request<Body>) -> Response<Body> {
    let extensions = request.extensions();
    let account = extensions
        .get::<Arc<OfficialAccount>>()
        .map_or("none", |account| &account.app_id);
    let authorization = match extensions.get::<AccountAuthorization>() {
        Some(AccountAuthorization::Authorized(account)) => &account.app_id,
        Some(_) => "none",
        None => "nothing",
    };
    Response::new(Body::from(format!("{account} {authorization}")))
}

fn application() -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = Ready<Result<Response<Body>, Infallible>>,
> + Clone {
    service_fn(|request: Request<Body>| ready(Ok(known(&request))))
}

fn layer(bench: &Bench) -> AddOfficialAccountLayer {
    AddOfficialAccountLayer::new(bench.school())
}

fn request() -> Request<Body> {
    Request::new(Body::default())
}

/// A request with an account that another layer has inserted.
fn with_foreign_account() -> Request<Body> {
    let mut request = request();
    let foreign = Arc::new(OfficialAccount::new("foreign"));
    request.extensions_mut().insert(Arc::clone(&foreign));
    request
        .extensions_mut()
        .insert(AccountAuthorization::Authorized(foreign));
    request
}

async fn text<E: std::fmt::Debug>(body: impl http_body::Body<Data = Bytes, Error = E>) -> String {
    String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn pass(bench: &Bench, request: Request<Body>) -> String {
    let response = layer(bench)
        .layer(application())
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    text(response.into_body()).await
}

/// The answer to a request that the application must not see.
async fn refused(
    bench: &Bench,
    request: Request<Body>,
) -> (StatusCode, HeaderMap, ErrorKind, String) {
    let inner = service_fn(
        async |_: Request<Body>| -> Result<Response<Body>, Infallible> {
            unreachable!("the application must not be asked")
        },
    );
    let (parts, body) = layer(bench)
        .layer(inner)
        .oneshot(request)
        .await
        .unwrap()
        .into_parts();
    let kind = parts.extensions.get::<Error>().unwrap().kind();
    (parts.status, parts.headers, kind, text(body).await)
}

#[tokio::test]
async fn account_is_inserted_into_the_extensions_of_every_request() {
    let bench = Bench::new(Answer::Account("wx1"));
    for _ in 0..3 {
        assert_eq!(pass(&bench, request()).await, "wx1 wx1");
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn account_from_elsewhere_is_removed() {
    for (answer, expected) in [
        (Answer::Account("wx1"), "wx1 wx1"),
        (Answer::NotAuthorized, "none none"),
    ] {
        let bench = Bench::new(answer);
        for _ in ["while Kesion is asked", "with a fresh answer"] {
            assert_eq!(pass(&bench, with_foreign_account()).await, expected);
        }
    }
}

#[tokio::test]
async fn stale_answer_is_served_when_kesion_fails() {
    let bench = Bench::new(Answer::Account("wx1"));
    assert_eq!(pass(&bench, request()).await, "wx1 wx1");
    bench.clock.advance(FRESH);
    bench.answer_with(Answer::Reset);
    for _ in 0..3 {
        assert_eq!(pass(&bench, request()).await, "wx1 wx1");
    }
    assert_eq!(bench.calls(), 2);
}

#[tokio::test]
async fn without_an_answer_the_status_names_the_failure() {
    for (answer, status, kind, code) in [
        (
            Answer::Reset,
            StatusCode::BAD_GATEWAY,
            ErrorKind::Lost,
            "upstream_failed",
        ),
        (
            Answer::Late,
            StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Timeout,
            "upstream_timeout",
        ),
        (
            Answer::Panic,
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal,
            "unavailable",
        ),
    ] {
        let bench = Bench::new(answer);
        for _ in ["the call fails", "the failure is backed off from"] {
            let (got, headers, reason, body) = refused(&bench, with_foreign_account()).await;
            assert_eq!((got, reason), (status, kind));
            assert_eq!(body, format!(r#"{{"error":"{code}"}}"#));
            assert_eq!(headers[CACHE_CONTROL], "no-store");
            assert_eq!(
                headers.contains_key(RETRY_AFTER),
                status == StatusCode::SERVICE_UNAVAILABLE
            );
        }
        assert_eq!(bench.calls(), 1);
    }
}

#[tokio::test]
async fn user_gets_a_page_that_can_be_replaced() {
    let bench = Bench::new(Answer::Reset);
    let navigation = || {
        Request::get("/")
            .header(ACCEPT, "text/html")
            .header(ACCEPT_LANGUAGE, "en")
            .body(Body::default())
            .unwrap()
    };
    let (_, headers, _, page) = refused(&bench, navigation()).await;
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(
        page.contains("A system that this site depends on"),
        "{page}"
    );

    let pages = Pages::custom(|page: &Page| Response::new(format!("mine: {:?}", page.kind())));
    let response = layer(&bench)
        .pages(pages)
        .layer(application())
        .oneshot(navigation())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(text(response.into_body()).await, "mine: UpstreamFailed");
}

#[tokio::test]
async fn service_is_ready_exactly_when_the_inner_one_is() {
    let bench = Bench::new(Answer::Account("wx1"));
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer(&bench));
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
}

#[tokio::test]
async fn only_the_service_that_was_polled_ready_is_called_after_waiting() {
    let bench = Bench::new(Answer::Account("wx1"));
    bench.close();
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer(&bench));
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    let mut response = task::spawn(service.call(request()));
    assert_pending!(response.poll());
    settle().await;
    assert!(!response.is_woken());
    bench.open();
    settle().await;
    // The mock panics when a clone of it is called that was not itself polled ready.
    assert!(response.is_woken());
    assert_pending!(response.poll());
    let (request, reply) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    reply.send_response(known(&request));
    let answer = assert_ready!(response.poll()).unwrap();
    assert_eq!(text(answer.into_body()).await, "wx1 wx1");
}

#[tokio::test]
async fn request_that_is_dropped_while_waiting_never_reaches_the_application() {
    let bench = Bench::new(Answer::Account("wx1"));
    bench.close();
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer(&bench));
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    let mut response = task::spawn(service.call(request()));
    assert_pending!(response.poll());
    drop(response);
    bench.open();
    settle().await;
    assert_pending!(task::spawn(handle.next_request()).poll());
    assert!(bench.school().peek().is_some(), "the call went on");
}

/// Counts how often it is cloned.
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(&self.0))
    }
}

impl Service<Request<Body>> for Counted {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready(Ok(known(&request)))
    }
}

#[test]
fn with_a_fresh_answer_nothing_is_cloned_and_no_runtime_is_needed() {
    let bench = Bench::new(Answer::Account("wx1"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(ask(&bench.school())).unwrap();
    drop(runtime);
    let clones = Arc::new(AtomicUsize::new(0));
    let mut service = layer(&bench).layer(Counted(Arc::clone(&clones)));
    let answer = assert_ready!(task::spawn(service.call(request())).poll()).unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(clones.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn error_of_the_application_is_forwarded_unchanged() {
    let bench = Bench::new(Answer::Account("wx1"));
    let inner = service_fn(|_: Request<Body>| ready(Err::<Response<Body>, _>("mine")));
    assert_eq!(
        layer(&bench)
            .layer(inner)
            .oneshot(request())
            .await
            .unwrap_err(),
        "mine"
    );
}

#[tokio::test]
async fn future_is_send_and_requires_nothing_of_the_bodies() {
    fn assert_send<T: Send>(_: &T) {}
    struct NotEvenABody;
    let bench = Bench::new(Answer::Account("wx1"));
    let inner = service_fn(|_: Request<NotEvenABody>| {
        ready(Ok::<_, Infallible>(Response::new(NotEvenABody)))
    });
    let future = layer(&bench).layer(inner).call(Request::new(NotEvenABody));
    assert_send(&future);
}
