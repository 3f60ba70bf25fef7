use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, SET_COOKIE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_test::mock;

use super::{GuardLayer, ManagerRequirement, Requirement};
use crate::clock::{ManualClock, Timestamp};
use crate::identity::{Manager, School};
use crate::response::{Reason, Rejection};
use crate::session::{Authenticated, Session, SessionId, SessionTimeouts};

#[cfg(feature = "tracing")]
use crate::trace::tests::Captured;

#[derive(Debug)]
struct Person(u32);

type Body = Full<Bytes>;

fn application() -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = Ready<Result<Response<Body>, Infallible>>,
> + Clone {
    service_fn(|_: Request<Body>| ready(Ok(Response::new(Body::from("inside")))))
}

fn logged_in_as<I>(identity: I) -> Authenticated<I> {
    let now = Timestamp::from_unix_seconds(1_000_000);
    let id = SessionId::random().unwrap();
    Authenticated::new(Arc::new(Session::new(
        id,
        identity,
        SessionTimeouts::default(),
        now,
    )))
}

fn request(method: Method, target: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(target)
        .body(Body::default())
        .unwrap()
}

async fn pass<R: Requirement<Person>>(
    layer: GuardLayer<Person, R>,
    mut request: Request<Body>,
    who: Option<u32>,
) -> Response<ResponseBodyOf> {
    if let Some(number) = who {
        request
            .extensions_mut()
            .insert(logged_in_as(Person(number)));
    }
    layer.layer(application()).oneshot(request).await.unwrap()
}

type ResponseBodyOf = crate::body::ResponseBody<Body>;

#[tokio::test]
async fn authenticated_request_passes() {
    let response = pass(GuardLayer::logged_in(), request(Method::GET, "/"), Some(1)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.extensions().get::<Rejection>().is_none());
}

#[tokio::test]
async fn identity_that_does_not_satisfy_the_requirement_is_403_with_the_reason() {
    let only_7 = || GuardLayer::custom(|person: &Person| person.0 == 7);
    assert_eq!(
        pass(only_7(), request(Method::GET, "/"), Some(7))
            .await
            .status(),
        StatusCode::OK
    );
    let response = pass(only_7(), request(Method::GET, "/"), Some(1)).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert!(matches!(rejection.reason(), Reason::Forbidden) && rejection.is_about::<Person>());
}

#[tokio::test]
async fn p3_no_method_spelling_or_header_bypasses_a_guard() {
    let methods = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "BREW",
    ];
    for method in methods {
        for target in ["/", "/public", "//x", "/%2e%2e/", "*"] {
            let mut request = request(Method::from_bytes(method.as_bytes()).unwrap(), target);
            for name in [
                "x-forwarded-user",
                "x-original-url",
                "x-forwarded-for",
                "x-rewrite-url",
                "authorization",
            ] {
                request
                    .headers_mut()
                    .insert(name, "/public".parse().unwrap());
            }
            let response = pass(GuardLayer::logged_in(), request, None).await;
            assert_ne!(response.status(), StatusCode::OK, "{method} {target}");
            assert!(matches!(
                response.extensions().get::<Rejection>().unwrap().reason(),
                Reason::LoginRequired
            ));
        }
    }
}

#[tokio::test]
async fn rejection_without_a_layer_names_the_remedy() {
    use http_body_util::BodyExt;
    let response = pass(GuardLayer::logged_in(), request(Method::GET, "/"), None).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text);
    assert!(
        text.contains("Add the layer, or move it outside") && text.contains("Person"),
        "{text}"
    );
}

#[tokio::test]
async fn grpc_gets_a_grpc_status() {
    let mut request = request(Method::POST, "/service/method");
    request
        .headers_mut()
        .insert(CONTENT_TYPE, "application/grpc".parse().unwrap());
    let response = pass(GuardLayer::custom(|_: &Person| false), request, Some(1)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[CONTENT_TYPE], "application/grpc");
    assert_eq!(response.headers()["grpc-status"], "7");
}

#[tokio::test]
async fn forbidden_is_html_for_a_navigation_and_json_for_a_script() {
    let never = || GuardLayer::custom(|_: &Person| false);
    let mut page = request(Method::GET, "/");
    page.headers_mut()
        .insert(ACCEPT, "text/html".parse().unwrap());
    let response = pass(never(), page, Some(1)).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    let response = pass(never(), request(Method::GET, "/"), Some(1)).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    assert!(!response.headers().contains_key(SET_COOKIE));
}

#[tokio::test]
async fn r7_response_without_cache_control_gets_one() {
    let mut page = request(Method::GET, "/");
    page.headers_mut()
        .insert(ACCEPT, "text/html".parse().unwrap());
    let response = pass(GuardLayer::logged_in(), page, Some(1)).await;
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    let response = pass(GuardLayer::logged_in(), request(Method::GET, "/"), Some(1)).await;
    assert_eq!(response.headers()["cache-control"], "private, no-cache");
    let response = pass(
        GuardLayer::logged_in().without_cache_control(),
        request(Method::GET, "/"),
        Some(1),
    )
    .await;
    assert!(!response.headers().contains_key("cache-control"));
}

#[tokio::test]
async fn role_at_a_school_is_not_the_role_at_another_one() {
    let manager = |role, current: &str| Manager {
        role_id: Some(role),
        schools: vec![School::new("1", ""), School::new("2", "")],
        current_school_code: Some(current.to_owned()),
        ..Manager::new("o1")
    };
    let status = async |layer: GuardLayer<Manager, ManagerRequirement>, manager| {
        let mut request = request(Method::GET, "/");
        request.extensions_mut().insert(logged_in_as(manager));
        layer
            .layer(application())
            .oneshot(request)
            .await
            .unwrap()
            .status()
    };
    for (role, current, expected) in [(1, "1", 200), (2, "1", 403), (1, "2", 403), (1, "3", 403)] {
        assert_eq!(
            status(GuardLayer::role_at("1", 1), manager(role, current)).await,
            expected,
            "{role} at {current}"
        );
    }
    assert_eq!(
        status(GuardLayer::role(1), manager(1, "2")).await,
        200,
        "a role alone is one at any school"
    );
}

#[tokio::test]
async fn requirement_on_the_session_sees_its_times_and_its_identity() {
    let start = Timestamp::from_unix_seconds(1_000_000);
    let only = |least: Timestamp, number| {
        GuardLayer::<Person>::with_session(move |session| {
            session.created() >= least && session.identity().0 == number
        })
    };
    for (least, number, expected) in [
        (start, 7, 200),
        (start, 8, 403),
        (start.plus(Duration::from_millis(1)), 7, 403),
    ] {
        let guard = only(least, number);
        let response = pass(guard, request(Method::GET, "/"), Some(7)).await;
        assert_eq!(response.status(), expected, "{least:?} {number}");
    }
}

/// The response to a user who logged in `age` ago, behind a guard with this maximum age.
async fn at_age<R: Requirement<Person>>(
    guard: GuardLayer<Person, R>,
    max_age: Duration,
    age: Duration,
) -> Response<ResponseBodyOf> {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_000_000));
    let guard = guard.max_age(max_age).clock(clock.clock());
    clock.advance(age);
    // The system time of the server decides nothing.
    clock.set(Timestamp::from_unix_seconds(1));
    pass(guard, request(Method::GET, "/"), Some(7)).await
}

fn reason(response: &Response<ResponseBodyOf>) -> Option<&Reason> {
    let rejection = response.extensions().get::<Rejection>();
    rejection.map(Rejection::reason)
}

#[tokio::test]
async fn session_passes_until_it_is_as_old_as_the_maximum_and_needs_a_new_login_later() {
    let (minute, milli) = (Duration::from_secs(60), Duration::from_millis(1));
    for age in [Duration::ZERO, minute - milli, minute] {
        let response = at_age(GuardLayer::logged_in(), minute, age).await;
        assert_eq!(response.status(), StatusCode::OK, "{age:?}");
    }
    for age in [minute + milli, 100 * minute] {
        let response = at_age(GuardLayer::logged_in(), minute, age).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{age:?}");
        assert!(matches!(
            reason(&response),
            Some(Reason::RecentLoginRequired)
        ));
    }
}

#[tokio::test]
async fn maximum_age_below_30_seconds_is_30_seconds() {
    for (age, expected) in [(30_000, 200), (30_001, 401)] {
        let age = Duration::from_millis(age);
        let response = at_age(GuardLayer::logged_in(), Duration::ZERO, age).await;
        assert_eq!(response.status(), expected, "{age:?}");
    }
}

#[tokio::test]
async fn old_session_without_the_right_is_forbidden_because_a_new_login_does_not_help() {
    let never = || GuardLayer::custom(|_: &Person| false);
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3_600));
    for age in [Duration::ZERO, hour] {
        let response = at_age(never(), minute, age).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{age:?}");
        assert!(matches!(reason(&response), Some(Reason::Forbidden)));
    }
    let always = GuardLayer::custom(|person: &Person| person.0 == 7);
    let response = at_age(always, minute, hour).await;
    assert!(matches!(
        reason(&response),
        Some(Reason::RecentLoginRequired)
    ));
}

#[tokio::test]
async fn unauthenticated_request_to_a_guard_with_a_maximum_age_needs_an_ordinary_login() {
    let guard = GuardLayer::logged_in().max_age(Duration::from_secs(60));
    let response = pass(guard, request(Method::GET, "/"), None).await;
    assert!(matches!(reason(&response), Some(Reason::LoginRequired)));
}

#[tokio::test]
async fn grpc_call_with_an_old_session_gets_the_status_unauthenticated() {
    let mut call = request(Method::POST, "/service/method");
    call.headers_mut()
        .insert(CONTENT_TYPE, "application/grpc".parse().unwrap());
    // The session is of 1970.
    let guard = GuardLayer::logged_in().max_age(Duration::from_secs(60));
    let response = pass(guard, call, Some(1)).await;
    assert_eq!(response.headers()["grpc-status"], "16");
    assert_eq!(response.headers()["grpc-message"], "recent_login_required");
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn rejection_of_an_old_session_leaves_an_event_that_names_the_requirement() {
    let captured = Captured::new();
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3_600));
    drop(at_age(GuardLayer::logged_in(), minute, hour).await);
    let text = captured.text();
    assert!(
        text.contains("the session is older than the guard allows")
            && text.contains("a login, and a session of at most 60 s")
            && text.contains("Person")
            && !text.contains("Person(7)"),
        "{text}"
    );
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn rejection_leaves_an_event_that_names_requirement_and_remedy() {
    let captured = Captured::new();
    pass(
        GuardLayer::custom(|_: &Person| false),
        request(Method::GET, "/"),
        Some(1),
    )
    .await;
    let text = captured.text();
    assert!(
        text.contains("DEBUG") && text.contains("rejection_leaves_an_event"),
        "a closure is named by the function around it: {text}"
    );
    assert!(
        text.contains("Person") && text.contains("log in with an account that does"),
        "{text}"
    );

    let captured = Captured::new();
    let mut manager = request(Method::GET, "/");
    manager
        .extensions_mut()
        .insert(logged_in_as(Manager::new("o1")));
    drop(
        GuardLayer::role_at("1014", 7)
            .layer(application())
            .oneshot(manager)
            .await
            .unwrap(),
    );
    assert!(
        captured.text().contains("role 7 at school \"1014\""),
        "{}",
        captured.text()
    );
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn missing_layer_is_an_error_once_and_names_the_order() {
    struct Nowhere;
    let send = async || {
        let layer = GuardLayer::<Nowhere>::logged_in().layer(application());
        drop(layer.oneshot(request(Method::GET, "/")).await.unwrap());
    };
    let captured = Captured::new();
    send().await;
    send().await;
    let text = captured.text();
    let errors: Vec<_> = text.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(
        errors[0].contains("Nowhere") && errors[0].contains("`.layer(login)` after the routes"),
        "{text}"
    );
    assert_eq!(
        text.lines()
            .filter(|line| line.contains("a response was 500"))
            .count(),
        2,
        "{text}"
    );
}

#[cfg(feature = "tracing")]
#[test]
fn copy_of_a_rejection_and_one_without_a_response_report_no_missing_layer() {
    struct Elsewhere;
    let captured = Captured::new();
    let rejection =
        || Rejection::login_required::<Elsewhere>(&Method::GET, &http::HeaderMap::new());
    drop(rejection());
    let mut response = rejection().into_response();
    drop(response.extensions().get::<Rejection>().cloned());
    response
        .extensions_mut()
        .get_mut::<Rejection>()
        .unwrap()
        .set_handled_by(crate::response::HandledBy::LoginLayer);
    drop(response);
    assert_eq!(captured.text(), "");
}

#[test]
fn guard_is_ready_when_the_inner_service_is_and_calls_that_one() {
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(GuardLayer::<Person>::logged_in());
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    let mut allowed = request(Method::GET, "/");
    allowed.extensions_mut().insert(logged_in_as(Person(1)));
    let mut response = task::spawn(service.call(allowed));
    assert_pending!(response.poll());
    let (_, reply) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    reply.send_response(Response::new(Body::default()));
    assert_ready!(response.poll()).unwrap();
}

#[test]
fn rejected_request_never_reaches_the_inner_service() {
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(GuardLayer::<Person>::logged_in());
    assert_ready!(service.poll_ready()).unwrap();
    assert_ready!(task::spawn(service.call(request(Method::GET, "/"))).poll()).unwrap();
    assert_pending!(task::spawn(handle.next_request()).poll());
}
