//! The service for nginx `auth_request`.

use std::pin::Pin;

use http::HeaderName;
use http::request::Builder;
use tokio::sync::oneshot;
use tokio_test::assert_ready_ok;

use super::*;
use crate::guard::{LoggedIn, Recent, Requirement};
use crate::response::{Reason, Rejection};
use crate::session::{Namespace, Session, SessionDigest, SessionId, SessionInfo};
use crate::store::{Inserted, LoadResult, Lookup, Previous, Stamp};
use crate::trace::tests::Captured;

type AuthResponse = Response<Full<Bytes>>;

async fn ask<St: SessionStore<Person>>(
    service: &ForwardAuth<Provider, St>,
    request: Builder,
) -> AuthResponse {
    let response = service.clone().oneshot(request.body(()).unwrap()).await;
    let response = response.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(!response.headers().contains_key(SET_COOKIE), "{response:?}");
    assert!(!response.headers().contains_key(LOCATION), "{response:?}");
    assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(0));
    response
}

/// The request that nginx sends for a navigation of this browser.
fn navigation(jar: &Jar) -> Builder {
    let (parts, _) = jar.get("/forward-auth").into_parts();
    let mut request = Request::get("/forward-auth").header("x-original-uri", "/grades?term=1");
    request.headers_mut().unwrap().extend(parts.headers);
    request
}

fn script() -> Builder {
    Request::get("/forward-auth").header("x-original-uri", "/api")
}

fn service(site: &Site) -> ForwardAuth<Provider, MemoryStore<Person>> {
    let service = site.login.forward_auth();
    service
        .header("X-User", |person| Some(person.subject().to_owned()))
        .build()
        .unwrap()
}

async fn logged_in(site: &Site, name: &str) -> Jar {
    let mut jar = Jar::default();
    site.log_in(&mut jar, name).await;
    jar
}

fn header<'r>(response: &'r AuthResponse, name: &str) -> Option<&'r str> {
    let mut values = response.headers().get_all(name).iter();
    let value = values.next();
    assert_eq!(values.next(), None);
    value.map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn authenticated_request_gets_204_with_the_identity() {
    let site = Site::new();
    let jar = logged_in(&site, "wang").await;
    let response = ask(&service(&site), navigation(&jar)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&response, "x-user"), Some("wang"));
    assert!(response.headers()["x-user"].is_sensitive());
    assert_eq!(header(&response, "x-login-url"), None);
}

#[tokio::test]
async fn unauthenticated_navigation_gets_401_with_the_login_url_and_may_be_redirected() {
    let response = ask(&service(&Site::new()), navigation(&Jar::default())).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        header(&response, "x-login-url"),
        Some("/auth/weika/login?return_to=%2Fgrades%3Fterm%3D1")
    );
    assert_eq!(header(&response, "x-login-redirect"), Some("yes"));
    assert_eq!(header(&response, "x-user"), None);
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert!(matches!(rejection.reason(), Reason::LoginRequired));
}

#[tokio::test]
async fn only_a_top_level_navigation_may_be_redirected_and_every_other_kind_gets_401() {
    let service = service(&Site::new());
    let page = "https://campus.example/form?a=b";
    let of_page = Some("/auth/weika/login?return_to=%2Fform%3Fa%3Db");
    let of_target = Some("/auth/weika/login?return_to=%2Fgrades");
    type Headers = &'static [(&'static str, &'static str)];
    let cases: [(&str, Headers, Option<&str>); 9] = [
        ("GET", &[("sec-fetch-mode", "cors")], of_page),
        (
            "GET",
            &[
                ("x-requested-with", "XMLHttpRequest"),
                ("accept", "text/html"),
            ],
            of_page,
        ),
        ("GET", &[("hx-request", "true")], of_page),
        (
            "POST",
            &[
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "text/html"),
            ],
            of_page,
        ),
        (
            "GET",
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
            of_target,
        ),
        (
            "GET",
            &[("sec-purpose", "prefetch"), ("accept", "text/html")],
            of_page,
        ),
        ("POST", &[("content-type", "application/grpc")], of_page),
        ("OPTIONS", &[("accept", "text/html")], of_page),
        ("DELETE", &[("accept", "text/html")], of_page),
    ];
    for (method, headers, login_url) in cases {
        let mut request = Request::get("/forward-auth")
            .header("x-original-uri", "/grades")
            .header("x-original-method", method)
            .header("referer", page);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = ask(&service, request).await;
        assert_eq!(
            response.status(),
            StatusCode::UNAUTHORIZED,
            "{method} {headers:?}"
        );
        assert_eq!(
            header(&response, "x-login-redirect"),
            None,
            "{method} {headers:?}"
        );
        assert_eq!(
            header(&response, "x-login-url"),
            login_url,
            "{method} {headers:?}"
        );
    }
    // The method in `X-Original-Method` takes the place of that of nginx.
    for (method, redirect) in [("GET", Some("yes")), ("HEAD", Some("yes")), ("POST", None)] {
        let request = Request::get("/forward-auth")
            .header("x-original-method", method)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document");
        let response = ask(&service, request).await;
        assert_eq!(header(&response, "x-login-redirect"), redirect, "{method}");
    }
}

#[tokio::test]
async fn t9_original_uri_passes_the_rules_of_return_targets() {
    let service = service(&Site::new());
    let default_target = "/auth/weika/login".to_owned();
    let to = |target: &str| format!("/auth/weika/login?return_to={target}");
    for (uris, expected) in [
        (
            &["/%E8%AF%BE?a=%20b"][..],
            to("%2F%25E8%25AF%25BE%3Fa%3D%2520b"),
        ),
        (&["/课"], to("%2F%25E8%25AF%25BE")),
        (&["https://campus.example/a"], to("%2Fa")),
        (&[], default_target.clone()),
        (&[""], default_target.clone()),
        (&["/a", "/a"], default_target.clone()),
        (&["/a", "/b"], default_target.clone()),
        (&["//evil.example"], default_target.clone()),
        (&["https://evil.example/a"], default_target.clone()),
        (&["/a/../b"], default_target.clone()),
        (&["/a\\b"], default_target.clone()),
        (&["/auth/weika/logout"], default_target.clone()),
        (
            &[&*format!("/{}", "a".repeat(2_048))],
            default_target.clone(),
        ),
        (
            &[&*format!("/{}", "a".repeat(2_047))],
            to(&format!("%2F{}", "a".repeat(2_047))),
        ),
    ] {
        let mut request = Request::get("/forward-auth").header(ACCEPT, "text/html");
        for uri in uris {
            request = request.header("x-original-uri", uri.as_bytes());
        }
        let response = ask(&service, request).await;
        assert_eq!(
            header(&response, "x-login-url"),
            Some(&*expected),
            "{uris:?}"
        );
        assert_eq!(header(&response, "x-login-redirect"), Some("yes"));
    }
}

#[tokio::test]
async fn t9_page_of_another_origin_is_no_target_of_a_script() {
    let request = script().header("referer", "https://evil.example/a");
    let response = ask(&service(&Site::new()), request).await;
    assert_eq!(header(&response, "x-login-url"), Some("/auth/weika/login"));
}

#[tokio::test]
async fn p3_no_header_but_the_session_cookie_decides_about_identity_and_access() {
    let site = Site::new();
    let jar = logged_in(&site, "wang").await;
    let service = service(&site);
    let names = [
        "x-user",
        "x_user",
        "x-forwarded-user",
        "remote-user",
        "authorization",
        "x-original-method",
        "x-login-url",
        "x-login-redirect",
        "x-forwarded-host",
        "x-forwarded-for",
        "forwarded",
        "host",
        "origin",
        "x-original-url",
    ];
    let (anonymous, plain) = (
        ask(&service, navigation(&Jar::default())).await,
        ask(&service, navigation(&jar)).await,
    );
    for name in names {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        for value in ["li", "204", "https://evil.example"] {
            let response = ask(&service, navigation(&Jar::default()).header(&name, value)).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{name}");
            if name != "x-original-method" {
                assert_eq!(response.headers(), anonymous.headers(), "{name}");
            }
            let response = ask(&service, navigation(&jar).header(&name, value)).await;
            assert_eq!(response.status(), StatusCode::NO_CONTENT, "{name}");
            assert_eq!(response.headers(), plain.headers(), "{name}");
        }
    }
}

#[tokio::test]
async fn expired_revoked_and_unknown_sessions_get_401() {
    let site = Site::new();
    let service = service(&site);
    let status = async |jar: &Jar| ask(&service, navigation(jar)).await.status();
    let (idle, out) = (logged_in(&site, "wang").await, logged_in(&site, "li").await);

    let logout = out.request(Method::POST, "/auth/weika/logout");
    site.send(logout).await;
    assert_eq!(status(&out).await, StatusCode::UNAUTHORIZED);
    // Requests through the proxy are uses of the session.
    for _ in 0..3 {
        site.clock.advance(Duration::from_secs(29 * 60));
        assert_eq!(status(&idle).await, StatusCode::NO_CONTENT);
    }
    site.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(status(&idle).await, StatusCode::UNAUTHORIZED);
    let of_another_login = logged_in(&Site::new(), "wang").await;
    assert_eq!(status(&of_another_login).await, StatusCode::UNAUTHORIZED);
}

struct LinkedAccount;

impl Requirement<Person> for LinkedAccount {
    fn is_satisfied_by(&self, session: &Session<Person>) -> bool {
        session.identity().is_complete()
    }

    fn rejection_reason(&self, _: &Session<Person>) -> Reason {
        let bind_page = "/bind".into();
        Reason::Unbound { bind_page }
    }
}

#[tokio::test]
async fn user_who_does_not_satisfy_every_requirement_gets_403_without_an_identity() {
    let site = Site::new();
    let service = site.login.forward_auth();
    let service = service
        .header("x-user", |person| Some(person.subject().to_owned()))
        .require(|person: &Person| person.subject() != "li")
        .require(LinkedAccount)
        .build()
        .unwrap();
    for (name, status) in [
        ("wang", StatusCode::NO_CONTENT),
        ("li", StatusCode::FORBIDDEN),
        ("newcomer", StatusCode::FORBIDDEN),
    ] {
        let jar = logged_in(&site, name).await;
        let response = ask(&service, navigation(&jar)).await;
        assert_eq!(response.status(), status, "{name}");
        let is_allowed = status == StatusCode::NO_CONTENT;
        assert_eq!(header(&response, "x-user").is_some(), is_allowed);
        assert_eq!(header(&response, "x-login-url"), None);
        assert_eq!(
            response.extensions().get::<Rejection>().is_none(),
            is_allowed
        );
    }
    let anonymous = ask(&service, navigation(&Jar::default())).await;
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn session_that_is_too_old_is_401_with_the_login_until_the_login_has_run() {
    let site = Site::new();
    let recent = Recent::new(LoggedIn, Duration::from_secs(60)).clock(site.clock.clock());
    let service = site.login.forward_auth().require(recent).build().unwrap();
    let jar = logged_in(&site, "wang").await;
    let response = ask(&service, navigation(&jar)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    site.clock.advance(Duration::from_secs(61));
    let mut jar = jar;
    jar.0.retain(|(name, _)| name.ends_with("-session"));
    let response = ask(&service, navigation(&jar)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(header(&response, "x-login-url").is_some());
    assert_eq!(header(&response, "x-login-redirect"), Some("yes"));
    // A session that is too old right after a login would lead to one login after another.
    let marker = ("__Host-weika-result".to_owned(), "1".to_owned());
    jar.0.push(marker);
    let response = ask(&service, navigation(&jar)).await;
    assert_eq!(header(&response, "x-login-redirect"), None);
}

#[tokio::test]
async fn header_without_a_value_is_absent_and_a_second_of_the_same_name_replaces_the_first() {
    let site = Site::new();
    let jar = logged_in(&site, "wang").await;
    let service = site.login.forward_auth();
    let service = service
        .header("x-absent", |_| None)
        .header("x-empty", |_| Some(String::new()))
        .header("X-Name", |_| Some("first".to_owned()))
        .header("x-name", |person| {
            Some(format!("{} 老师", person.subject()))
        })
        .header("remote-created", |person| {
            let created = person.session().created().unix_millis() / 1_000;
            Some(created.to_string())
        })
        .build()
        .unwrap();
    let response = ask(&service, navigation(&jar)).await;
    assert_eq!(header(&response, "x-absent"), None);
    assert_eq!(header(&response, "x-empty"), None);
    assert_eq!(
        header(&response, "x-name"),
        Some("wang%20%E8%80%81%E5%B8%88")
    );
    assert_eq!(header(&response, "remote-created"), Some("1760000000"));
}

#[tokio::test]
async fn values_longer_than_4096_bytes_together_are_500_and_one_log_line_a_second() {
    let captured = Captured::new();
    let site = Site::new();
    let jar = logged_in(&site, "wang").await;
    for (first, second, status) in [
        (4_000, 96, StatusCode::NO_CONTENT),
        (4_000, 97, StatusCode::INTERNAL_SERVER_ERROR),
        (4_096, 0, StatusCode::NO_CONTENT),
        (4_097, 0, StatusCode::INTERNAL_SERVER_ERROR),
        (1_000_000, 0, StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let value = |length: usize| Some("7".repeat(length));
        let service = site.login.forward_auth();
        let service = service.header("x-first", move |_| value(first));
        let service = service.header("x-second", move |_| value(second));
        let service = service.build().unwrap();
        for _ in 0..3 {
            let response = ask(&service, navigation(&jar)).await;
            assert_eq!(response.status(), status, "{first} {second}");
        }
    }
    let encoded = site.login.forward_auth();
    let encoded = encoded.header("x-name", |_| Some("王".repeat(456)));
    let response = ask(&encoded.build().unwrap(), navigation(&jar)).await;
    assert_eq!(
        response.status(),
        StatusCode::INTERNAL_SERVER_ERROR,
        "4,104 bytes"
    );

    let text = captured.text();
    let lines = text.lines().filter(|line| line.contains("4096 bytes"));
    assert_eq!(lines.clone().count(), 4, "{text}");
    assert!(lines.clone().any(|line| line.contains("header=x-second")));
    assert!(!text.contains("7777") && !text.contains('王'));
}

#[test]
fn invalid_names_of_headers_are_reported_all_at_once() {
    let login = Site::new().login;
    let long = format!("x-{}", "a".repeat(63));
    let invalid = [
        "",
        "x-",
        "x_user",
        "x-user_name",
        "user",
        "cookie",
        "set-cookie",
        "cache-control",
        "x-a b",
        "x-a\r\nb",
        "x-名",
        "x-a-",
        "remote_user",
        "X-Accel-Redirect",
        "x-accel-buffering",
        "x-login-redirect",
        "X-Original-Method",
        "x-content-type-options",
        &long,
    ];
    let mut builder = login.forward_auth();
    for name in invalid {
        builder = builder.header(name, |_| None);
    }
    let builder = builder
        .original_uri_header("uri")
        .login_url_header("X-Login-Redirect");
    let error = builder.build().unwrap_err();
    assert_eq!(error.errors().len(), invalid.len() + 2, "{error}");
    assert!(
        error
            .to_string()
            .contains(r#"header "x_user" must be `X-` or `Remote-`"#)
    );

    let valid = ["X-User", "x-1", "REMOTE-USER", &long[..64]];
    let builder = valid
        .into_iter()
        .fold(login.forward_auth(), |builder, name| {
            builder.header(name, |_| None)
        });
    assert!(builder.build().is_ok());
}

#[tokio::test]
async fn names_of_the_original_uri_and_of_the_login_url_can_be_changed() {
    let builder = Site::new().login.forward_auth();
    let builder = builder
        .original_uri_header("X-Forwarded-Uri")
        .login_url_header("X-Go");
    let request = navigation(&Jar::default()).header("x-forwarded-uri", "/b");
    let response = ask(&builder.build().unwrap(), request).await;
    assert_eq!(
        header(&response, "x-go"),
        Some("/auth/weika/login?return_to=%2Fb")
    );
    assert_eq!(header(&response, "x-login-url"), None);
}

#[tokio::test]
async fn browser_that_rejects_the_session_cookie_is_not_redirected_in_a_loop() {
    let captured = Captured::new();
    let site = Site::new();
    let mut jar = logged_in(&site, "wang").await;
    jar.0.retain(|(name, _)| name != "__Host-weika-session");
    let service = service(&site);
    let response = ask(&service, navigation(&Jar::default())).await;
    assert_eq!(header(&response, "x-login-redirect"), Some("yes"));
    assert!(!captured.text().contains("did not come back"));

    let response = ask(&service, navigation(&jar)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&response, "x-login-redirect"), None);
    assert!(header(&response, "x-login-url").is_some());
    assert!(captured.text().contains("did not come back"));

    // The marker of a successful login lives for ten seconds.
    jar.0.clear();
    let response = ask(&service, navigation(&jar)).await;
    assert_eq!(header(&response, "x-login-redirect"), Some("yes"));
}

#[tokio::test]
async fn service_inside_the_login_layer_responds_the_same() {
    let site = Site::new();
    let inside = site.login.layer(service(&site));
    let request = || navigation(&Jar::default()).body(Body::default()).unwrap();
    let (plain, inside) = (
        service(&site).oneshot(request()).await.unwrap(),
        inside.oneshot(request()).await.unwrap(),
    );
    assert_eq!(inside.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(inside.headers(), plain.headers());
}

/// A store that responds later, and perhaps fails.
#[derive(Clone, Default)]
struct SlowStore {
    store: MemoryStore<Person>,
    pending: Arc<Mutex<Vec<oneshot::Sender<()>>>>,
    fails: Arc<AtomicBool>,
    at_once: Arc<AtomicBool>,
}

impl SessionStore<Person> for SlowStore {
    type Load = Pin<Box<dyn Future<Output = LoadResult<Person>> + Send>>;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<Person, Self::Load> {
        let found = match self.store.load(namespace, id) {
            _ if self.fails.load(Ordering::Relaxed) => {
                Err(Error::new(ErrorKind::Fault, "as planned"))
            }
            Lookup::Ready(found) => found,
            Lookup::Pending(_) => panic!("a store in memory responds at once"),
        };
        if self.at_once.load(Ordering::Relaxed) {
            return Lookup::Ready(found);
        }
        let (sender, receiver) = oneshot::channel();
        self.pending.lock().unwrap().push(sender);
        Lookup::Pending(Box::pin(async move {
            receiver.await.unwrap();
            found
        }))
    }

    async fn stamp(&self, namespace: &Namespace) -> Result<Stamp, Error> {
        self.store.stamp(namespace).await
    }

    async fn insert(
        &self,
        session: Session<Person>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        self.store.insert(session, previous, since).await
    }

    async fn remove(&self, namespace: &Namespace, id: &SessionId) -> Result<bool, Error> {
        self.store.remove(namespace, id).await
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.store.remove_of(namespace, subject, session).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.store.remove_subject(namespace, subject, kept).await
    }

    async fn remove_all(&self, namespace: &Namespace) -> Result<(), Error> {
        self.store.remove_all(namespace).await
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.store.sessions_of(namespace, subject).await
    }
}

#[tokio::test]
async fn store_that_responds_later_is_awaited_and_its_failure_is_503_without_an_identity() {
    let (site, store) = (Site::new(), SlowStore::default());
    let login = LoginLayer::builder_with_store(site.provider.clone(), store.clone())
        .public_url("https://campus.example")
        .clock(site.clock.clock())
        .build()
        .unwrap();
    let (id, namespace) = (SessionId::random().unwrap(), *login.namespace());
    let session = Session::new(
        id,
        Person("wang".to_owned()),
        SessionTimeouts::default(),
        site.clock.clock().now(),
    );
    let since = store.stamp(&namespace).await.unwrap();
    let inserted = store.insert(session.within(namespace), None, since);
    assert_eq!(inserted.await.unwrap(), Inserted::Kept);
    let cookie = format!("__Host-weika-session={}", id.expose());
    let service = login.forward_auth();
    let service = service.header("x-user", |person| Some(person.subject().to_owned()));
    let service = service.build().unwrap();
    let request = || {
        navigation(&Jar::default())
            .header(COOKIE, &cookie)
            .body(())
            .unwrap()
    };

    let statuses = [
        (false, StatusCode::NO_CONTENT),
        (true, StatusCode::SERVICE_UNAVAILABLE),
    ];
    for (fails, status) in statuses {
        store.fails.store(fails, Ordering::Relaxed);
        for at_once in [false, true] {
            store.at_once.store(at_once, Ordering::Relaxed);
            let mut response = task::spawn(service.clone().call(request()));
            if !at_once {
                assert_pending!(response.poll());
                let sender = store.pending.lock().unwrap().pop().unwrap();
                sender.send(()).unwrap();
            }
            let response = assert_ready_ok!(response.poll());
            assert_eq!(response.status(), status);
            assert_eq!(header(&response, "x-user").is_some(), !fails);
            assert_eq!(
                header(&response, "x-login-url"),
                None,
                "a failure is never \"not logged in\""
            );
        }
    }

    // Without a well-formed cookie, the store is not queried.
    let anonymous = ask(&service, navigation(&Jar::default())).await;
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
}
