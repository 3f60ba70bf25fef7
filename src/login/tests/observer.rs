//! Events of the observer: exactly one for each outcome.

use std::panic::AssertUnwindSafe;

use super::shared_store::{SharedStore, instance_with};
use super::*;
use crate::login::{LoginEvent, LoginEventKind, LoginLayerBuilder};
use crate::trace::tests::Captured;

/// The events of a site, in short.
#[derive(Clone, Default)]
pub(super) struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    /// Returns the events since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    pub(super) fn observe<P: IdentityProvider, St>(
        &self,
        builder: LoginLayerBuilder<P, St>,
    ) -> LoginLayerBuilder<P, St> {
        let events = self.clone();
        builder.observer(move |event| events.0.lock().unwrap().push(brief(event)))
    }
}

/// `kind subject error`, without those that are absent.
fn brief(event: &LoginEvent<'_>) -> String {
    assert_eq!(
        (event.provider(), event.application()),
        ("weika", "test-application")
    );
    let error = event.error().map(|error| error.kind().as_str());
    let kind = Some(event.kind().as_str());
    let parts = kind.into_iter().chain(event.expose_subject()).chain(error);
    parts.collect::<Vec<_>>().join(" ")
}

pub(super) fn observed() -> (Site, Events) {
    observed_with(|builder| builder)
}

fn observed_with(
    settings: impl FnOnce(
        LoginLayerBuilder<Provider, MemoryStore<Person>>,
    ) -> LoginLayerBuilder<Provider, MemoryStore<Person>>,
) -> (Site, Events) {
    let (mut site, events) = (Site::new(), Events::default());
    let builder = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .secret([9; 32])
        .clock(site.clock.clock());
    site.login = events.observe(settings(builder)).build().unwrap();
    (site, events)
}

/// Two instances over one store, and the events of both.
fn observed_instances() -> (Site<SharedStore>, Site<SharedStore>, Events) {
    let (origin, store, events) = (Site::new(), SharedStore::default(), Events::default());
    let [one, other] =
        [(); 2].map(|()| instance_with(&origin, &store, |builder| events.observe(builder)));
    (one, other, events)
}

pub(super) fn post_logout(jar: &Jar) -> Request<Body> {
    jar.request(Method::POST, "/auth/weika/logout")
}

/// Returns what a handler of the application sees for the session of a browser.
pub(super) async fn handle_of<St: SessionStore<Person>>(
    site: &Site<St>,
    jar: &Jar,
) -> Authenticated<Person> {
    let handle = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&handle);
    let service = site.login.layer(service_fn(move |request: Request<Body>| {
        let found = request.extensions().get::<Authenticated<Person>>().cloned();
        *seen.lock().unwrap() = found;
        async { Ok::<_, Infallible>(Response::new(Body::default())) }
    }));
    service.oneshot(jar.get("/")).await.unwrap();
    handle.lock().unwrap().take().unwrap()
}

#[tokio::test]
async fn each_outcome_is_one_event() {
    let (site, events) = observed();
    for (code, expected) in [
        ("wang", "logged_in wang"),
        ("denied", "denied denied"),
        ("fault", "failed fault"),
        ("store", "failed store"),
        ("panic", "failed internal"),
        ("bad", "failed invalid_code"),
        ("lost", "failed lost"),
        ("late", "failed timeout"),
        ("", "declined"),
    ] {
        let mut jar = Jar::default();
        let state = site.begin(&mut jar, "/").await;
        let before = jar.clone();
        site.callback(&mut jar, code, &state).await;
        // A repeated callback is no second event.
        site.callback(&mut before.clone(), code, &state).await;
        assert_eq!(events.take(), [expected], "{code}");
    }
}

#[tokio::test]
async fn login_that_restarts_has_one_event_for_each_code() {
    let (site, events) = observed();
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let again = site.callback(&mut jar, "lost", &state).await;
    site.callback(&mut jar, "wang", &again.state()).await;
    assert_eq!(events.take(), ["failed lost", "logged_in wang"]);
}

#[tokio::test]
async fn callback_that_sends_no_code_is_no_event() {
    let (site, events) = observed_with(|builder| {
        builder.exchanges_per_minute(std::num::NonZeroU32::new(1).unwrap())
    });
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    site.callback(&mut jar.clone(), "wang", "forged").await;
    site.callback(&mut Jar::default(), "wang", &state).await;
    site.callback(&mut Jar::default(), "", &state).await;
    assert_eq!(events.take(), [""; 0]);
    site.log_in(&mut Jar::default(), "wang").await;
    let busy = site.callback(&mut jar, "li", &state).await;
    assert_eq!(busy.parts.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(events.take(), ["logged_in wang"]);
    site.clock.advance(Duration::from_secs(60));
    site.callback(&mut jar, "li", &state).await;
    assert_eq!(events.take(), ["logged_in li"], "a reload continues");
}

#[tokio::test]
async fn logout_of_a_live_session_is_one_event() {
    let (site, events) = observed();
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    events.take();
    for _ in 0..2 {
        assert_eq!(site.send(post_logout(&jar)).await.location(), "/");
    }
    assert_eq!(events.take(), ["logged_out wang"]);

    // Unknown, absent, expired, and from another site.
    site.send(post_logout(&Jar::default())).await;
    site.log_in(&mut jar, "li").await;
    events.take();
    let mut cross_site = post_logout(&jar);
    let origin = "https://evil.example".parse().unwrap();
    cross_site.headers_mut().insert("origin", origin);
    site.send(cross_site).await;
    site.clock.advance(Duration::from_secs(30 * 60));
    site.send(post_logout(&jar)).await;
    assert_eq!(events.take(), [""; 0]);
}

#[tokio::test]
async fn revocation_by_the_application_is_one_event() {
    let (site, events) = observed();
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    let wang = handle_of(&site, &jar).await;
    events.take();
    site.login.revoke_session(&wang).await.unwrap();
    site.login.revoke_session(&wang).await.unwrap();
    assert_eq!(events.take(), ["session_revoked wang"]);
    site.login.revoke_sessions_of("li").await.unwrap();
    site.login.revoke_all_sessions().await.unwrap();
    assert_eq!(events.take(), ["subject_revoked li", "all_revoked"]);
}

#[tokio::test]
async fn login_that_is_revoked_while_its_code_is_exchanged_is_denied() {
    let (site, events) = observed();
    site.provider.gate.forget_permits(1);
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let callback = site.send(jar.get(&site.callback_url("wang", &state)));
    let mut callback = task::spawn(Box::pin(callback));
    assert_pending!(callback.poll());
    tokio::task::yield_now().await;
    site.login.revoke_sessions_of("wang").await.unwrap();
    site.provider.gate.add_permits(1);
    callback.await;
    assert_eq!(
        events.take(),
        ["subject_revoked wang", "denied wang denied"]
    );
}

#[tokio::test(start_paused = true)]
async fn fifty_doubled_callbacks_over_two_instances_are_one_event() {
    for (code, expected) in [
        ("wang", "logged_in wang"),
        ("denied", "denied denied"),
        ("fault", "failed fault"),
        ("bad", "failed invalid_code"),
    ] {
        let (one, other, events) = observed_instances();
        let mut jar = Jar::default();
        one.provider.gate.forget_permits(1);
        let state = one.begin(&mut jar, "/").await;
        let mut waiting: Vec<_> = (0..50)
            .map(|index| {
                let site = if index % 2 == 0 { &one } else { &other };
                let request = jar.get(&site.callback_url(code, &state));
                task::spawn(Box::pin(site.send(request)))
            })
            .collect();
        for response in &mut waiting {
            assert_pending!(response.poll());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        one.provider.gate.add_permits(1);
        for response in waiting {
            response.into_inner().await;
        }
        other.callback(&mut jar, code, &state).await;
        assert_eq!(events.take(), [expected], "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn digest_of_a_subject_is_the_same_on_all_instances_and_changes_with_the_secret() {
    let digest = async |secret: u8| {
        let digests = Arc::new(Mutex::new(Vec::new()));
        let (origin, store) = (Site::new(), SharedStore::default());
        for subject in ["wang", "li"] {
            let seen = Arc::clone(&digests);
            let site = instance_with(&origin, &store, |builder| {
                builder
                    .secret([secret; 32])
                    .observer(move |event| seen.lock().unwrap().push(event.subject().unwrap()))
            });
            site.log_in(&mut Jar::default(), subject).await;
        }
        let digests = digests.lock().unwrap().clone();
        assert_eq!(digests.len(), 2);
        digests
    };
    let (first, again, other) = (digest(9).await, digest(9).await, digest(8).await);
    assert_eq!(first, again);
    assert!(first[0] != first[1] && first[0] != other[0]);
    for digest in &first {
        assert_eq!(digest.len(), 32);
        assert!(digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[tokio::test]
async fn events_of_a_declined_login_and_of_a_started_session_name_the_browser() {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&shown);
    let mut site = Site::new();
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .observer(move |event| {
            seen.lock()
                .unwrap()
                .push((event.kind().as_str(), event.user_agent()));
        })
        .build()
        .unwrap();
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let mut declined = jar.get(&site.callback_url("", &state));
    let agent = http::HeaderValue::from_static("MicroMessenger/8.0.59");
    declined.headers_mut().insert("user-agent", agent);
    site.send(declined.clone()).await;
    let wang = Person("wang".to_owned());
    let started = site.login.start_session(wang, declined.headers()).await;
    drop(started.unwrap());
    let phone = Some(UserAgent::WechatPhone);
    assert_eq!(
        *shown.lock().unwrap(),
        [("declined", phone), ("session_started", phone)]
    );
}

#[tokio::test]
async fn event_describes_the_client_and_the_exchange_and_shows_no_secret() {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&shown);
    let (mut site, _) = observed();
    let clock = site.clock.clone();
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .secret([9; 32])
        .clock(site.clock.clock())
        .client_name(|headers, extensions| {
            let port = extensions.get::<u16>()?;
            Some(format!(
                "{}:{port}",
                headers.get("x-real-ip")?.to_str().ok()?
            ))
        })
        .observer(move |event| {
            assert_eq!(event.time(), clock.clock().wall());
            assert_eq!(event.user_agent(), Some(UserAgent::WechatPhone));
            assert_eq!(event.client_name(), Some("192.0.2.1:7"));
            assert_eq!(event.school(), Some("1014714333"));
            let is_login = event.kind() == LoginEventKind::LoggedIn;
            let duration = is_login.then_some(Duration::from_secs(3));
            assert_eq!(event.duration(), duration);
            seen.lock().unwrap().push(format!("{event:?}"));
        })
        .build()
        .unwrap();
    site.provider.gate.forget_permits(1);
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let described = |mut request: Request<Body>| {
        let headers = request.headers_mut();
        headers.insert("x-real-ip", "192.0.2.1".parse().unwrap());
        headers.insert("user-agent", "MicroMessenger/8.0.59".parse().unwrap());
        request.extensions_mut().insert(7_u16);
        request
    };
    let callback = described(jar.get(&site.callback_url("subject-of-wang", &state)));
    let mut callback = task::spawn(Box::pin(site.send(callback)));
    assert_pending!(callback.poll());
    tokio::task::yield_now().await;
    site.clock.advance(Duration::from_secs(3));
    site.provider.gate.add_permits(1);
    jar.apply(&callback.await);
    let session = jar.0.iter().find(|(name, _)| name.ends_with("-session"));
    let session = session.unwrap().1.clone();
    site.send(described(post_logout(&jar))).await;
    let shown = shown.lock().unwrap();
    assert_eq!(shown.len(), 2, "{shown:?}");
    for event in &*shown {
        // The code is the subject here.
        for secret in ["subject-of-wang", &state, &session] {
            assert!(!event.contains(secret), "{secret} is in {event}");
        }
    }
}

#[tokio::test]
async fn panic_of_the_observer_loses_no_login_and_is_logged_once() {
    let captured = Captured::new();
    let mut site = Site::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = AssertUnwindSafe(Arc::clone(&calls));
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .secret([9; 32])
        .clock(site.clock.clock())
        .observer(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            panic!("as planned");
        })
        .build()
        .unwrap();
    for _ in 0..2 {
        let mut jar = Jar::default();
        site.log_in(&mut jar, "wang").await;
        assert_eq!(site.who(&jar).await, "wang");
        site.send(post_logout(&jar)).await;
        assert_eq!(site.who(&jar).await, "anonymous");
    }
    // The exchange panics, and the observer while that unwinds.
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let response = site.callback(&mut jar, "panic", &state).await;
    assert!(response.parts.status.is_server_error());
    assert_eq!(calls.load(Ordering::Relaxed), 5);
    let log = captured.text();
    assert_eq!(log.matches("the observer panicked").count(), 1, "{log}");
}

#[tokio::test]
async fn each_outcome_is_one_log_line() {
    let captured = Captured::new();
    let (site, _events) = observed();
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    site.send(post_logout(&jar)).await;
    site.send(post_logout(&jar)).await;
    let lines = captured.text();
    for line in ["login: user logged in", "logout: session revoked"] {
        assert_eq!(lines.matches(line).count(), 1, "{line}: {lines}");
    }
}

#[tokio::test(start_paused = true)]
async fn login_that_fails_before_its_code_is_sent_is_one_event_for_each_flow() {
    let (site, events) = observed();
    let set = |kind| *site.provider.admission_fails.lock().unwrap() = kind;
    for (kind, expected) in [
        (ErrorKind::Configuration, Some("failed configuration")),
        (ErrorKind::Unresponsive, Some("failed unresponsive")),
        (ErrorKind::Internal, Some("failed internal")),
        (ErrorKind::Denied, Some("denied denied")),
        (ErrorKind::Overloaded, None),
        (ErrorKind::Store, None),
    ] {
        set(Some(kind));
        let mut jar = Jar::default();
        let state = site.begin(&mut jar, "/").await;
        for _ in 0..2 {
            // Both at the same time, and a reload of both.
            let url = site.callback_url("wang", &state);
            tokio::join!(site.send(jar.get(&url)), site.send(jar.get(&url)));
        }
        assert_eq!(events.take(), Vec::from_iter(expected), "{kind}");
        set(None);
        assert_eq!(
            site.callback(&mut jar, "wang", &state).await.location(),
            "/"
        );
        assert_eq!(events.take(), ["logged_in wang"], "a reload continues");
    }
    assert_eq!(site.exchanges(), 6, "no code was sent before");
}

#[tokio::test]
async fn login_that_fails_before_its_code_is_sent_has_no_duration() {
    let durations = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&durations);
    let mut site = Site::new();
    site.login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .clock(site.clock.clock())
        .observer(move |event| {
            assert_eq!(event.user_agent(), Some(UserAgent::Other));
            seen.lock().unwrap().push(event.duration());
        })
        .build()
        .unwrap();
    *site.provider.admission_fails.lock().unwrap() = Some(ErrorKind::Configuration);
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    site.callback(&mut jar, "wang", &state).await;
    assert_eq!(*durations.lock().unwrap(), [None]);
}

#[tokio::test]
async fn denial_by_map_names_the_user_at_the_provider_in_its_event_only() {
    let captured = Captured::new();
    let (site, seen) = (Site::new(), Arc::new(Mutex::new(Vec::new())));
    let events = Arc::clone(&seen);
    let denies = async |person: Person| match person.subject() {
        "wang-secret" => Err::<Person, _>(Error::denied("not a member").with_source("no row")),
        _ => Err(Error::new(ErrorKind::Fault, "as planned")),
    };
    let provider = site.provider.clone().map(denies);
    let login = LoginLayer::builder(provider)
        .public_url("https://campus.example")
        .secret([9; 32])
        .clock(site.clock.clock())
        .observer(move |event| {
            let user = (event.expose_subject(), event.school(), event.subject());
            let (subject, school, digest) = user;
            let error = event.error().unwrap();
            let parts = [
                subject.map(str::to_owned),
                school.map(str::to_owned),
                digest,
            ];
            let shown = format!("{event:?} {error:?} {error}");
            events.lock().unwrap().push((parts, shown));
        });
    let login = login.build().unwrap();
    let mut shown = String::new();
    for code in ["wang-secret", "li-secret"] {
        let app = login.layer(service_fn(async |_: Request<Body>| {
            Ok::<_, Infallible>(Response::new(Body::default()))
        }));
        let begin = Jar::default().get("/auth/weika/login");
        let begun = collect(app.clone().oneshot(begin).await.unwrap()).await;
        let mut jar = Jar::default();
        jar.apply(&begun);
        let url = format!("/auth/weika/callback?wxcode={code}&state={}", begun.state());
        for _ in 0..2 {
            let response = collect(app.clone().oneshot(jar.get(&url)).await.unwrap()).await;
            let error = response.parts.extensions.get::<Error>().unwrap();
            shown.push_str(&format!("{error:?} {error} {}", response.text));
        }
    }
    let seen = seen.lock().unwrap();
    let [(denied, denied_event), (failed, failed_event)] = &**seen else {
        panic!("{seen:?}")
    };
    assert_eq!(denied[0].as_deref(), Some("wang-secret"));
    assert_eq!(denied[1].as_deref(), Some("1014714333"));
    assert_eq!(denied[2].as_ref().map(String::len), Some(32));
    assert_eq!(*failed, [None, None, None]);
    let log = captured.text();
    assert!(log.contains("no row"), "{log}");
    for text in [&shown, denied_event, failed_event, &log] {
        assert!(!text.contains("-secret"), "{text}");
    }
}

#[tokio::test]
async fn panic_of_client_name_prevents_no_login_and_no_logout_and_is_logged_once() {
    let captured = Captured::new();
    let (site, events) = observed_with(|builder| {
        builder.client_name(|_, extensions| Some(extensions.get::<u16>().unwrap().to_string()))
    });
    for _ in 0..2 {
        let mut jar = Jar::default();
        site.log_in(&mut jar, "wang").await;
        assert_eq!(site.send(post_logout(&jar)).await.location(), "/");
        assert_eq!(site.who(&jar).await, "anonymous");
        assert_eq!(events.take(), ["logged_in wang", "logged_out wang"]);
    }
    let li = Person("li".to_owned());
    let started = site.login.start_session(li, &http::HeaderMap::new());
    let _cookies = started.await.unwrap();
    assert_eq!(events.take(), ["session_started li"]);
    let log = captured.text();
    assert_eq!(log.matches("client_name panicked").count(), 1, "{log}");
}

#[tokio::test]
async fn logout_revokes_the_session_before_it_asks_for_the_name_of_the_client() {
    let store = MemoryStore::new();
    let (sessions, counts) = (store.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&counts);
    let (site, _events) = observed_with(|builder| {
        builder.store(store).client_name(move |_, _| {
            seen.lock().unwrap().push(sessions.len());
            None
        })
    });
    let mut jar = Jar::default();
    site.log_in(&mut jar, "wang").await;
    site.send(post_logout(&jar)).await;
    assert_eq!(*counts.lock().unwrap(), [0, 0], "callback, logout");
}

#[tokio::test]
async fn client_name_is_cut_and_debug_shows_only_whether_there_is_one() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    for (name, kept) in [
        (Some("课".repeat(500)), Some("课".repeat(200))),
        (None, None),
    ] {
        let (events, is_named) = (Arc::clone(&seen), name.is_some());
        let mut site = Site::new();
        site.login = LoginLayer::builder(site.provider.clone())
            .public_url("https://campus.example")
            .clock(site.clock.clock())
            .client_name(move |_, _| name.clone())
            .observer(move |event| {
                assert_eq!(event.client_name(), kept.as_deref());
                let shown = format!("{event:?}");
                assert!(!shown.contains('课'), "{shown}");
                assert!(
                    shown.contains(&format!("has_client_name: {is_named}")),
                    "{shown}"
                );
                events.lock().unwrap().push(is_named);
            })
            .build()
            .unwrap();
        site.log_in(&mut Jar::default(), "wang").await;
    }
    assert_eq!(*seen.lock().unwrap(), [true, false]);
}
