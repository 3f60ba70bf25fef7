//! The Tower contract and the rules of the module, polled by hand.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_test::mock;

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::cookie::CookieName;
use crate::error::{Error, ErrorKind};
use crate::guard::PrefixGuards;
use crate::identity::Identity;
use crate::response::{Reason, Rejection};
use crate::session::Namespace;
use crate::session::{
    Authenticated, Session, SessionDigest, SessionId, SessionInfo, SessionTimeouts,
};
use crate::store::{Inserted, LoadResult, Lookup, Previous, SessionStore, Stamp};

#[derive(Debug)]
struct Person;

impl Identity for Person {
    fn subject(&self) -> &'static str {
        "authenticated"
    }
}

type Body = Full<Bytes>;
type Loaded = LoadResult<Person>;

/// The results of the next look-ups, and the number of look-ups.
#[derive(Clone, Default)]
struct Script {
    next: Arc<Mutex<Vec<Reply>>>,
    lookups: Arc<AtomicUsize>,
}

enum Reply {
    Now(Loaded),
    Later(oneshot::Receiver<Loaded>),
}

impl Script {
    fn then(self, reply: Reply) -> Self {
        self.next.lock().unwrap().push(reply);
        self
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::Relaxed)
    }
}

struct Later(oneshot::Receiver<Loaded>);

impl Future for Later {
    type Output = Loaded;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Loaded> {
        std::pin::Pin::new(&mut self.0)
            .poll(cx)
            .map(|reply| reply.expect("the test responds"))
    }
}

impl SessionStore<Person> for Script {
    type Load = Later;

    fn load(&self, _: &Namespace, _: &SessionId) -> Lookup<Person, Later> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        match self
            .next
            .lock()
            .unwrap()
            .pop()
            .expect("a look-up that the test did not expect")
        {
            Reply::Now(loaded) => Lookup::Ready(loaded),
            Reply::Later(receiver) => Lookup::Pending(Later(receiver)),
        }
    }

    fn stamp(&self, _: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send {
        ready(Ok(Stamp::new(0)))
    }

    fn insert(
        &self,
        _: Session<Person>,
        _: Option<Previous<'_>>,
        _: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send {
        ready(Ok(Inserted::Kept))
    }

    fn remove(
        &self,
        _: &Namespace,
        _: &SessionId,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        ready(Ok(false))
    }

    fn remove_of(
        &self,
        _: &Namespace,
        _: &str,
        _: &SessionDigest,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        ready(Ok(false))
    }

    fn remove_subject(
        &self,
        _: &Namespace,
        _: &str,
        _: Option<&SessionId>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        ready(Ok(()))
    }

    fn remove_all(&self, _: &Namespace) -> impl Future<Output = Result<(), Error>> + Send {
        ready(Ok(()))
    }

    fn sessions_of(
        &self,
        _: &Namespace,
        _: &str,
    ) -> impl Future<Output = Result<Vec<SessionInfo>, Error>> + Send {
        ready(Ok(Vec::new()))
    }
}

const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

fn layer(store: Script, clock: &ManualClock) -> AuthenticateLayer<Person, Script> {
    let cookie = CookieName::new("__Host-test".to_owned());
    let (namespace, guards) = (login(), PrefixGuards::new());
    AuthenticateLayer::new(Arc::new(LoginSessions {
        cookie,
        store,
        namespace,
        clock: clock.clock(),
        guards,
    }))
}

fn login() -> Namespace {
    Namespace::new("test", "application", "https://campus.example")
}

fn session() -> Arc<Session<Person>> {
    let session = Session::new(
        SessionId::random().unwrap(),
        Person,
        SessionTimeouts::default(),
        START,
    );
    Arc::new(session.within(login()))
}

fn with_cookie() -> Request<Body> {
    let value = SessionId::random().unwrap().expose();
    Request::get("/page")
        .header(COOKIE, format!("a=b; __Host-test={value}"))
        .body(Body::default())
        .unwrap()
}

/// Responds with the identity, if there is one.
fn who(request: &Request<Body>) -> Response<Body> {
    let known = request
        .extensions()
        .get::<Authenticated<Person>>()
        .is_some();
    Response::new(Body::from(if known {
        "authenticated"
    } else {
        "unauthenticated"
    }))
}

fn whoami() -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = Ready<Result<Response<Body>, Infallible>>,
> + Clone {
    service_fn(|request: Request<Body>| ready(Ok(who(&request))))
}

async fn send(
    layer: &AuthenticateLayer<Person, Script>,
    request: Request<Body>,
) -> (StatusCode, HeaderMap, String) {
    use http_body_util::BodyExt;
    let (parts, body) = layer
        .layer(whoami())
        .oneshot(request)
        .await
        .unwrap()
        .into_parts();
    let text = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[tokio::test]
async fn live_session_is_inserted_into_the_extensions() {
    let clock = ManualClock::new(START);
    let store = Script::default().then(Reply::Now(Ok(Some(session()))));
    let (status, headers, text) = send(&layer(store.clone(), &clock), with_cookie()).await;
    assert_eq!(
        (status, text.as_str(), store.lookups()),
        (StatusCode::OK, "authenticated", 1)
    );
    assert!(!headers.contains_key(SET_COOKIE));
}

#[tokio::test]
async fn expired_or_absent_session_is_unauthenticated() {
    let clock = ManualClock::new(START.plus(Duration::from_secs(30 * 60)));
    for reply in [Some(session()), None] {
        let store = Script::default().then(Reply::Now(Ok(reply)));
        assert_eq!(
            send(&layer(store, &clock), with_cookie()).await.2,
            "unauthenticated"
        );
    }
}

#[tokio::test]
async fn s1_session_of_another_namespace_is_unauthenticated() {
    let clock = ManualClock::new(START);
    let session = Session::new(
        SessionId::random().unwrap(),
        Person,
        SessionTimeouts::default(),
        START,
    );
    let other = Namespace::new("test", "another application", "https://campus.example");
    for namespace in [other, Namespace::default()] {
        let session = Session::new(*session.id(), Person, SessionTimeouts::default(), START)
            .within(namespace);
        let store = Script::default().then(Reply::Now(Ok(Some(Arc::new(session)))));
        assert_eq!(
            send(&layer(store, &clock), with_cookie()).await.2,
            "unauthenticated"
        );
    }
}

#[tokio::test]
async fn k4_without_a_well_formed_cookie_the_store_is_not_queried() {
    let clock = ManualClock::new(START);
    let good = SessionId::random().unwrap().expose();
    let other = SessionId::random().unwrap().expose();
    let cookies = [
        String::new(),
        "a=b".to_owned(),
        format!("test={good}"),
        format!("__Host-test={}", &good[1..]),
        format!("__Host-test=\"{good}\""),
        format!("__Host-test={good}; __Host-test={other}"),
        format!("__Host-test={good}; __Host-test="),
        "__Host-test=".to_owned() + &"!".repeat(43),
    ];
    for cookie in cookies {
        let store = Script::default();
        let request = Request::get("/")
            .header(COOKIE, &cookie)
            .body(Body::default())
            .unwrap();
        assert_eq!(
            send(&layer(store.clone(), &clock), request).await.2,
            "unauthenticated",
            "{cookie}"
        );
        assert_eq!(store.lookups(), 0, "{cookie}");
    }
}

#[tokio::test]
async fn k7_repeated_cookie_costs_one_look_up() {
    let clock = ManualClock::new(START);
    let value = SessionId::random().unwrap().expose();
    let store = Script::default().then(Reply::Now(Ok(Some(session()))));
    let cookies = vec![format!("__Host-test={value}"); 20].join("; ");
    let request = Request::get("/")
        .header(COOKIE, cookies)
        .body(Body::default())
        .unwrap();
    assert_eq!(
        send(&layer(store.clone(), &clock), request).await.2,
        "authenticated"
    );
    assert_eq!(store.lookups(), 1);
}

#[tokio::test]
async fn handle_of_another_layer_is_removed() {
    let clock = ManualClock::new(START);
    let mut request = Request::get("/").body(Body::default()).unwrap();
    request
        .extensions_mut()
        .insert(Authenticated::new(session()));
    assert_eq!(
        send(&layer(Script::default(), &clock), request).await.2,
        "unauthenticated"
    );
}

#[tokio::test]
async fn handle_of_another_layer_is_replaced() {
    let clock = ManualClock::new(START);
    let (ours, theirs) = (session(), session());
    let id = *ours.id();
    let inner = service_fn(move |request: Request<Body>| {
        let found = request
            .extensions()
            .get::<Authenticated<Person>>()
            .map(|handle| *handle.session().id());
        assert_eq!(found, Some(id));
        ready(Ok::<_, Infallible>(Response::new(Body::default())))
    });
    let mut request = with_cookie();
    request.extensions_mut().insert(Authenticated::new(theirs));
    layer(Script::default().then(Reply::Now(Ok(Some(ours)))), &clock)
        .layer(inner)
        .oneshot(request)
        .await
        .unwrap();
}

#[tokio::test]
async fn failed_store_is_503_and_never_unauthenticated() {
    let clock = ManualClock::new(START);
    let failed = || Err(Error::new(ErrorKind::Store, "as planned"));
    let (sender, receiver) = oneshot::channel();
    sender.send(failed()).unwrap();
    for reply in [Reply::Now(failed()), Reply::Later(receiver)] {
        let layer = layer(Script::default().then(reply), &clock);
        let inner = service_fn(
            async |_: Request<Body>| -> Result<Response<Body>, Infallible> {
                unreachable!("the application must not be called")
            },
        );
        #[cfg(feature = "tracing")]
        let captured = crate::trace::tests::Captured::new();
        let response = layer.layer(inner).oneshot(with_cookie()).await.unwrap();
        #[cfg(feature = "tracing")]
        assert!(captured.text().contains("the session store failed"));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(RETRY_AFTER));
        assert!(!response.headers().contains_key(SET_COOKIE));
        let reason = response.extensions().get::<Rejection>().unwrap().reason();
        assert!(matches!(reason, Reason::Unavailable(error) if error.kind() == ErrorKind::Store));
    }
}

#[tokio::test]
async fn required_login_is_401_without_a_login_layer() {
    let clock = ManualClock::new(START);
    let inner = service_fn(async |request: Request<Body>| {
        let rejection = Rejection::login_required::<Person>(request.method(), request.headers());
        Ok::<_, Infallible>(rejection.into_response())
    });
    let response = layer(Script::default(), &clock)
        .layer(inner)
        .oneshot(Request::new(Body::default()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(!response.headers().contains_key(SET_COOKIE));
}

#[tokio::test]
async fn rejection_about_another_identity_type_passes() {
    let clock = ManualClock::new(START);
    let inner = service_fn(async |request: Request<Body>| {
        let rejection = Rejection::login_required::<String>(request.method(), request.headers());
        Ok::<_, Infallible>(rejection.into_response())
    });
    let response = layer(Script::default(), &clock)
        .layer(inner)
        .oneshot(Request::new(Body::default()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn service_is_ready_exactly_when_the_inner_one_is() {
    let clock = ManualClock::new(START);
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer(Script::default(), &clock));
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
}

#[test]
fn only_the_service_that_was_polled_ready_is_called_when_the_store_is_slow() {
    let clock = ManualClock::new(START);
    let (sender, receiver) = oneshot::channel();
    let store = Script::default().then(Reply::Later(receiver));
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer(store, &clock));
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    let mut response = task::spawn(service.call(with_cookie()));
    assert_pending!(response.poll());
    // The mock panics when a clone of it is called that was not itself polled ready.
    sender.send(Ok(Some(session()))).unwrap();
    assert!(response.is_woken());
    assert_pending!(response.poll());
    let (request, reply) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    reply.send_response(who(&request));
    let reply = assert_ready!(response.poll()).unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    assert!(
        request
            .extensions()
            .get::<Authenticated<Person>>()
            .is_some()
    );
}

#[test]
fn request_that_is_dropped_while_the_store_is_slow_is_not_forwarded() {
    let clock = ManualClock::new(START);
    let (sender, receiver) = oneshot::channel();
    let store = Script::default().then(Reply::Later(receiver));
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer(store, &clock));
    handle.allow(1);
    assert_ready!(service.poll_ready()).unwrap();
    let mut response = task::spawn(service.call(with_cookie()));
    assert_pending!(response.poll());
    drop(response);
    assert!(sender.send(Ok(Some(session()))).is_err());
    assert_pending!(task::spawn(handle.next_request()).poll());
}

#[test]
fn absent_session_of_a_slow_store_is_unauthenticated() {
    let clock = ManualClock::new(START);
    let (sender, receiver) = oneshot::channel();
    let mut request = with_cookie();
    request
        .extensions_mut()
        .insert(Authenticated::new(session()));
    let mut response = task::spawn(
        layer(Script::default().then(Reply::Later(receiver)), &clock)
            .layer(whoami())
            .call(request),
    );
    assert_pending!(response.poll());
    sender.send(Ok(None)).unwrap();
    let reply = assert_ready!(response.poll()).unwrap();
    assert_eq!(
        http_body::Body::size_hint(reply.body()).exact(),
        Some("unauthenticated".len() as u64)
    );
}

#[test]
fn service_is_called_without_a_clone_when_the_store_is_ready() {
    struct Uncloneable(Arc<AtomicUsize>);

    impl Clone for Uncloneable {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::Relaxed);
            Self(Arc::clone(&self.0))
        }
    }

    impl Service<Request<Body>> for Uncloneable {
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
            ready(Ok(who(&request)))
        }
    }

    let clock = ManualClock::new(START);
    let clones = Arc::new(AtomicUsize::new(0));
    let store = Script::default().then(Reply::Now(Ok(Some(session()))));
    let mut service = layer(store, &clock).layer(Uncloneable(Arc::clone(&clones)));
    assert_ready!(task::spawn(service.call(with_cookie())).poll()).unwrap();
    assert_eq!(clones.load(Ordering::Relaxed), 0);
}

#[test]
fn error_of_the_application_passes_untouched() {
    let clock = ManualClock::new(START);
    let inner = service_fn(|_: Request<Body>| ready(Err::<Response<Body>, _>("mine")));
    let error = assert_ready!(
        task::spawn(
            layer(Script::default(), &clock)
                .layer(inner)
                .call(Request::new(Body::default()))
        )
        .poll()
    );
    assert_eq!(error.unwrap_err(), "mine");
}

#[test]
fn future_is_send_for_any_body() {
    fn assert_send<T: Send>(_: &T) {}
    struct NotEvenABody;
    let clock = ManualClock::new(START);
    let inner = service_fn(|_: Request<NotEvenABody>| {
        ready(Ok::<_, Infallible>(Response::new(NotEvenABody)))
    });
    let future = layer(Script::default(), &clock)
        .layer(inner)
        .call(Request::new(NotEvenABody));
    assert_send(&future);
}
