use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use tokio::runtime::Handle;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::body::ResponseBody;
use crate::clock::Clock;
use crate::guard::GuardLayer;
use crate::identity::{Identity, Manager, WechatUser};
use crate::session::Authenticated;
use crate::testing::authenticated;

/// Shows the subjects of the request.
async fn who<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let manager = request.extensions().get::<Authenticated<Manager>>();
    let user = request.extensions().get::<Authenticated<WechatUser>>();
    let manager = manager.map_or("none", |manager| manager.subject());
    let user = user.map_or("none", |user| user.subject());
    Ok(Response::new(Full::from(format!("{manager} {user}"))))
}

/// Polls once, without a runtime.
fn ready<F: Future>(future: F) -> F::Output {
    assert!(Handle::try_current().is_err(), "no runtime");
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the layer waits for something"),
    }
}

fn text<S, B, RB>(service: S, request: Request<B>) -> (StatusCode, String)
where
    S: Service<Request<B>, Response = Response<ResponseBody<RB>>, Error = Infallible>,
    RB: http_body::Body<Data = Bytes, Error = Infallible>,
{
    let response = ready(service.oneshot(request)).unwrap();
    let status = response.status();
    let body = ready(response.into_body().collect()).unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn every_request_is_authenticated_without_a_runtime() {
    let layer = authenticated(Manager::new("o1"));
    let service = layer.layer(service_fn(who));
    for _ in 0..2 {
        let response = text(service.clone(), Request::new(Empty::<Bytes>::new()));
        assert_eq!(response, (StatusCode::OK, "o1 none".to_owned()));
    }
    // Any body, also one that is no `http_body::Body`.
    let response = text(layer.layer(service_fn(who)), Request::new(()));
    assert_eq!(response.1, "o1 none");
}

#[test]
fn two_layers_authenticate_two_kinds_of_identity() {
    let manager = authenticated(Manager::new("o1"));
    let user = authenticated(WechatUser::unbound("o2", "wx1"));
    let response = text(manager.layer(user.layer(service_fn(who))), Request::new(()));
    assert_eq!(response.1, "o1 o2");
}

#[test]
fn handle_in_the_extensions_is_replaced_or_removed() {
    let inner = authenticated(Manager::new("inner"));
    for (inner, expected) in [
        (inner.clone(), "inner none"),
        (inner.anonymous(), "none none"),
    ] {
        let outer = authenticated(Manager::new("outer"));
        let response = text(outer.layer(inner.layer(service_fn(who))), Request::new(()));
        assert_eq!(response.1, expected);
    }
}

#[test]
fn guard_behind_an_anonymous_layer_answers_401() {
    let guarded = GuardLayer::<Manager>::logged_in().layer(service_fn(who));
    let service = authenticated(Manager::new("o1")).anonymous().layer(guarded);
    let (status, json) = text(service.clone(), Request::new(()));
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["error"], "login_required");

    let page = Request::get("/").header(ACCEPT, "text/html").body(());
    let (status, page) = text(service, page.unwrap());
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(page.starts_with("<!doctype html>"), "{page}");
}

#[test]
fn guard_lets_the_identity_pass_or_rejects_it_with_403() {
    let guarded = GuardLayer::<Manager>::custom(|manager: &Manager| manager.subject() == "o1")
        .layer(service_fn(who));
    for (subject, expected) in [("o1", StatusCode::OK), ("o2", StatusCode::FORBIDDEN)] {
        let service = authenticated(Manager::new(subject)).layer(guarded.clone());
        assert_eq!(text(service, Request::new(())).0, expected);
    }
}

#[test]
fn created_sets_the_age_of_a_session_that_stays_live() {
    let ago = Duration::from_secs(24 * 60 * 60);
    let service = authenticated(Manager::new("o1"))
        .created(ago)
        .layer(service_fn(async |request: Request<()>| {
            let manager = request.extensions().get::<Authenticated<Manager>>();
            let session = manager.expect("authenticated").session();
            let now = Clock::system().now();
            assert!(session.is_live(now));
            let age = now.since(session.created());
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(
                age.as_secs().to_string(),
            )))
        }));
    let age: u64 = text(service, Request::new(())).1.parse().unwrap();
    assert!((ago.as_secs()..ago.as_secs() + 60).contains(&age), "{age}");
}

#[test]
fn created_decides_whether_a_guard_with_a_maximum_age_rejects() {
    let guarded = GuardLayer::<Manager>::logged_in()
        .max_age(Duration::from_secs(60 * 60))
        .layer(service_fn(who));
    for (minutes, expected) in [(1, StatusCode::OK), (61, StatusCode::UNAUTHORIZED)] {
        let age = Duration::from_secs(minutes * 60);
        let layer = authenticated(Manager::new("o1")).created(age);
        let service = layer.layer(guarded.clone());
        assert_eq!(text(service, Request::new(())).0, expected, "{minutes}");
    }
}

#[test]
#[should_panic(expected = "before the layer is cloned or applied")]
fn age_of_a_shared_session_cannot_be_changed() {
    let layer = authenticated(Manager::new("o1"));
    let _applied = layer.layer(());
    drop(layer.created(Duration::from_secs(1)));
}

#[test]
fn only_the_service_that_was_polled_ready_is_called() {
    let (mock, mut handle) = tower_test::mock::pair::<Request<()>, Response<Full<Bytes>>>();
    let mut service = authenticated(Manager::new("o1")).layer(mock);
    handle.allow(0);
    let mut pending = tokio_test::task::spawn(());
    assert!(pending.enter(|cx, _| service.poll_ready(cx)).is_pending());
    handle.allow(1);
    assert!(pending.enter(|cx, _| service.poll_ready(cx)).is_ready());
    let mut response = tokio_test::task::spawn(service.call(Request::new(())));
    assert!(response.poll().is_pending());
    let mut next = tokio_test::task::spawn(handle.next_request());
    let Poll::Ready(Some((request, send))) = next.poll() else {
        panic!("the inner service was not called");
    };
    assert!(
        request
            .extensions()
            .get::<Authenticated<Manager>>()
            .is_some()
    );
    send.send_response(Response::new(Full::default()));
    assert!(response.poll().is_ready());
}
