//! The application's own identity: `IdentityProvider::map`.

use super::shared_store::SharedStore;
use super::*;
use crate::provider::Mapped;
use crate::response::Pages;

#[derive(Debug)]
struct Staff(String);

impl Identity for Staff {
    fn subject(&self) -> &str {
        &self.0
    }
}

/// An application whose users are members of staff: `wang` is one, `guest` is denied, `error-…` is
/// an error of this kind.
struct StaffSite<St = MemoryStore<Staff>> {
    provider: Provider,
    clock: ManualClock,
    login: LoginLayer<Mapped<Provider, Staff>, St>,
    lookups: Arc<AtomicUsize>,
}

async fn staff_of(person: Person) -> Result<Staff, Error> {
    tokio::task::yield_now().await;
    match person.subject() {
        "wang" => Ok(Staff("staff/7".to_owned())),
        "guest" => Err(Error::denied("王伟: <b>guests</b> may not log in").with_source("no row")),
        "unknown" => Err(Error::new(ErrorKind::Denied, "as planned")),
        "map-panic" => panic!("as planned"),
        "map-hangs" => std::future::pending().await,
        other => {
            let mut kinds = ERRORS.into_iter();
            let kind = kinds.find(|kind| other == format!("error-{kind}"));
            Err(Error::new(kind.expect("a code of this test"), "as planned"))
        }
    }
}

/// Every kind but `Denied`.
const ERRORS: [ErrorKind; 14] = [
    ErrorKind::InvalidCode,
    ErrorKind::TokenRejected,
    ErrorKind::Configuration,
    ErrorKind::Busy,
    ErrorKind::Fault,
    ErrorKind::Malformed,
    ErrorKind::Connect,
    ErrorKind::Lost,
    ErrorKind::Timeout,
    ErrorKind::Unresponsive,
    ErrorKind::Overloaded,
    ErrorKind::ForbiddenHost,
    ErrorKind::Store,
    ErrorKind::Internal,
];

impl StaffSite {
    fn new(provider: Provider) -> Self {
        Self::with_pages(provider, Pages::default())
    }

    fn with_pages(provider: Provider, pages: Pages) -> Self {
        Self::over(provider, Site::new().clock, MemoryStore::new(), pages)
    }
}

impl<St: SessionStore<Staff>> StaffSite<St> {
    fn over(provider: Provider, clock: ManualClock, store: St, pages: Pages) -> Self {
        let lookups = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&lookups);
        let mapped = provider.clone().map(move |person: Person| {
            count.fetch_add(1, Ordering::Relaxed);
            staff_of(person)
        });
        let login = LoginLayer::builder(mapped)
            .store(store)
            .public_url("https://campus.example")
            .secret([9; 32])
            .pages(pages)
            .clock(clock.clock())
            .build()
            .unwrap();
        Self {
            provider,
            clock,
            login,
            lookups,
        }
    }

    async fn send(&self, jar: &mut Jar, request: Request<Body>) -> TextResponse {
        let page = service_fn(async |request: Request<Body>| {
            let staff = request.extensions().get::<Authenticated<Staff>>();
            let text = staff
                .map_or("anonymous", |staff| staff.subject())
                .to_owned();
            Ok::<_, Infallible>(Response::new(Body::from(text)))
        });
        let response = self.login.layer(page).oneshot(request).await;
        let response = collect(response.unwrap()).await;
        jar.apply(&response);
        response
    }

    async fn get(&self, jar: &mut Jar, target: &str) -> TextResponse {
        let request = jar.get(target);
        self.send(jar, request).await
    }

    async fn callback_url(&self, jar: &mut Jar, code: &str) -> String {
        let state = self.get(jar, "/auth/weika/login").await.state();
        format!("/auth/weika/callback?wxcode={code}&state={state}")
    }

    fn counts(&self) -> (usize, usize) {
        let exchanges = self.provider.exchanges.load(Ordering::Relaxed);
        (exchanges, self.lookups.load(Ordering::Relaxed))
    }

    /// Asserts that a browser has no session, and that a repeated callback does not give it one.
    async fn assert_no_session(&self, jar: &mut Jar, callback: &str) {
        let (before, first) = (self.counts(), self.get(jar, "/").await);
        assert_eq!(first.text, "anonymous", "{callback}");
        self.get(jar, callback).await;
        assert_eq!(self.get(jar, "/").await.text, "anonymous", "{callback}");
        assert_eq!(self.counts(), before, "{callback}");
        assert!(!jar.has("__Host-weika-session"), "{callback}");
    }
}

#[tokio::test]
async fn map_runs_once_for_fifty_concurrent_callbacks() {
    let site = StaffSite::new(Site::new().provider);
    let mut jar = Jar::default();
    let url = site.callback_url(&mut jar, "wang").await;
    let mut jars = vec![jar; 50];
    let callbacks = jars.iter_mut().map(|jar| site.get(jar, &url));
    for response in futures_util::future::join_all(callbacks).await {
        assert_eq!(response.location(), "/");
    }
    for jar in &mut jars {
        assert_eq!(site.get(jar, "/").await.text, "staff/7");
    }
    assert_eq!(site.counts(), (1, 1));
}

#[tokio::test]
async fn user_denied_by_the_application_gets_the_escaped_reason_and_no_session() {
    #[cfg(feature = "tracing")]
    let captured = crate::trace::tests::Captured::new();
    let site = StaffSite::new(Site::new().provider);
    let mut jar = Jar::default();
    let url = site.callback_url(&mut jar, "guest").await;
    for _ in 0..2 {
        let response = site.get(&mut jar, &url).await;
        assert_eq!(response.parts.status, StatusCode::FORBIDDEN);
        let shown = "<p>王伟: &lt;b&gt;guests&lt;/b&gt; may not log in</p>";
        assert!(response.text.contains(shown), "{}", response.text);
        let error = response.parts.extensions.get::<Error>().unwrap();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert_eq!(error.reason(), Some("王伟: <b>guests</b> may not log in"));
    }
    let mut script = jar.get(&url);
    script.headers_mut().remove(ACCEPT);
    let response = site.send(&mut jar, script).await;
    assert_eq!(response.parts.status, StatusCode::FORBIDDEN);
    let json: serde_json::Value = serde_json::from_str(&response.text).unwrap();
    let reason = "王伟: <b>guests</b> may not log in";
    let expected = serde_json::json!({ "error": "denied", "reason": reason });
    assert_eq!(json, expected);
    assert_eq!(site.counts(), (1, 1), "a repeat gets the same page");
    site.assert_no_session(&mut jar, &url).await;
    #[cfg(feature = "tracing")]
    {
        let log = captured.text();
        let line = "denied: the application denies this user: no row";
        assert!(log.contains(line), "{log}");
        assert!(!log.contains("guests") && !log.contains("王"), "{log}");
    }
}

#[tokio::test]
async fn denied_user_sees_the_reason_on_the_custom_page() {
    let pages = Pages::custom(|page| {
        let reason = page.error().and_then(Error::reason).unwrap_or("none");
        Response::new(format!(
            "{:?} {reason} {}",
            page.kind(),
            page.home().unwrap()
        ))
    });
    let site = StaffSite::with_pages(Site::new().provider, pages.home("/welcome"));
    for (code, expected) in [
        (
            "guest",
            "Denied 王伟: <b>guests</b> may not log in /welcome",
        ),
        ("unknown", "Denied none /welcome"),
        ("error-busy", "Unavailable none /welcome"),
    ] {
        let mut jar = Jar::default();
        let url = site.callback_url(&mut jar, code).await;
        assert_eq!(site.get(&mut jar, &url).await.text, expected);
    }
}

#[tokio::test]
async fn custom_page_sees_the_error_of_the_store_and_of_the_provider() {
    let pages = Pages::custom(|page| {
        Response::new(format!(
            "{:?} {:?}",
            page.kind(),
            page.error().map(Error::kind)
        ))
    });
    let store = SharedStore::<Staff>::default();
    let site = Site::new();
    let site = StaffSite::over(site.provider, site.clock, store.clone(), pages);
    for (failing, code, expected) in [
        (None, "fault", "UpstreamFailed Some(Fault)"),
        (None, "denied", "Denied Some(Denied)"),
        (Some("claim"), "wang", "Unavailable Some(Store)"),
    ] {
        let mut jar = Jar::default();
        let url = site.callback_url(&mut jar, code).await;
        store.coordinator.set_failing_call(failing);
        assert_eq!(site.get(&mut jar, &url).await.text, expected);
    }
    let without_state = site.get(&mut Jar::default(), "/auth/weika/callback").await;
    assert_eq!(without_state.text, "InvalidLink None");
}

#[tokio::test]
async fn reason_of_a_denial_is_the_same_at_every_instance() {
    let (origin, store) = (Site::new(), SharedStore::<Staff>::default());
    let [one, other] = [(); 2].map(|()| {
        let (provider, clock) = (origin.provider.clone(), origin.clock.clone());
        StaffSite::over(provider, clock, store.clone(), Pages::default())
    });
    for code in ["guest", "unknown"] {
        let mut jar = Jar::default();
        let url = one.callback_url(&mut jar, code).await;
        let here = one.get(&mut jar, &url).await;
        let there = other.get(&mut jar, &url).await;
        assert_eq!(here.parts.status, StatusCode::FORBIDDEN);
        assert_eq!(here.text.contains("王伟"), code == "guest", "{}", here.text);
        assert_eq!(
            (there.parts.status, &there.text),
            (here.parts.status, &here.text)
        );
        let errors = [&here, &there].map(|response| {
            let error = response.parts.extensions.get::<Error>().unwrap();
            (error.kind(), error.reason().map(str::to_owned))
        });
        assert_eq!(errors[0], errors[1]);
        other.assert_no_session(&mut jar, &url).await;
    }
    assert_eq!([&one, &other].map(|site| site.counts().1), [2, 0]);
}

#[tokio::test]
async fn failed_map_of_any_kind_is_503_and_leaves_no_session() {
    let site = StaffSite::new(Site::new().provider);
    let kinds = ERRORS.map(|kind| format!("error-{kind}"));
    for code in kinds.iter().map(String::as_str).chain(["map-panic"]) {
        let mut jar = Jar::default();
        let url = site.callback_url(&mut jar, code).await;
        let response = site.get(&mut jar, &url).await;
        assert_eq!(
            response.parts.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{code}"
        );
        let error = response.parts.extensions.get::<Error>().unwrap();
        assert_eq!(error.kind(), ErrorKind::Internal, "{code}");
        site.assert_no_session(&mut jar, &url).await;
    }
    let runs = ERRORS.len() + 1;
    assert_eq!(site.counts(), (runs, runs));
}

#[tokio::test(start_paused = true)]
async fn map_that_takes_too_long_restarts_the_login_once_and_leaves_no_session() {
    let site = StaffSite::new(Site::new().provider);
    let mut jar = Jar::default();
    let url = site.callback_url(&mut jar, "map-hangs").await;
    let begun = site.get(&mut jar, &url).await;
    assert!(begun.is_to_provider());
    let url = format!(
        "/auth/weika/callback?wxcode=map-hangs&state={}",
        begun.state()
    );
    let response = site.get(&mut jar, &url).await;
    assert_eq!(response.parts.status, StatusCode::GATEWAY_TIMEOUT);
    site.assert_no_session(&mut jar, &url).await;
    assert_eq!(site.counts(), (2, 2));
}

#[tokio::test]
async fn revocation_of_the_user_inside_map_revokes_the_login_that_is_under_way() {
    let slot = Arc::<std::sync::OnceLock<LoginLayer<Mapped<Provider, Staff>>>>::default();
    let login = Arc::clone(&slot);
    let mapped = Site::new().provider.map(move |person: Person| {
        let login = Arc::clone(&login);
        async move {
            login.get().unwrap().revoke_sessions_of(&person.0).await?;
            Ok(Staff(person.0))
        }
    });
    let builder = LoginLayer::builder(mapped).public_url("https://campus.example");
    let site = StaffSite {
        provider: Site::new().provider,
        clock: Site::new().clock,
        login: builder.build().unwrap(),
        lookups: Arc::default(),
    };
    slot.set(site.login.clone()).unwrap();
    let mut jar = Jar::default();
    let url = site.callback_url(&mut jar, "wang").await;
    let response = site.get(&mut jar, &url).await;
    assert_eq!(response.parts.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.get(&mut jar, "/").await.text, "anonymous");
}

#[tokio::test]
async fn session_of_a_mapped_identity_expires_at_valid_until() {
    let in_a_minute = Site::new()
        .clock
        .clock()
        .now()
        .plus(Duration::from_secs(60));
    let site = StaffSite::new(Provider {
        valid_until: Some(in_a_minute),
        ..Site::new().provider
    });
    let mut jar = Jar::default();
    let url = site.callback_url(&mut jar, "wang").await;
    site.get(&mut jar, &url).await;
    site.clock.advance(Duration::from_secs(59));
    assert_eq!(site.get(&mut jar, "/").await.text, "staff/7");
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.get(&mut jar, "/").await.text, "anonymous");
}

#[tokio::test]
async fn mapped_provider_forwards_every_other_method() {
    let permits = Permits::new(1);
    let provider = Provider {
        for_wechat: true,
        silent: true,
        permits: Some(permits.clone()),
        ..Site::named("campus").provider
    };
    let attached = Arc::clone(&provider.attached);
    let mapped = provider.map(|person: Person| async move { Ok(Staff(person.0)) });
    let names = [mapped.name(), mapped.application(), mapped.code_parameter()];
    assert_eq!(names, ["campus", "test-application", "wxcode"]);
    for browser in [UserAgent::WechatPhone, UserAgent::Other] {
        assert_eq!(mapped.supports(browser), mapped.inner().supports(browser));
        let allows = mapped.inner().allows_silent_login(browser);
        assert_eq!(mapped.allows_silent_login(browser), allows);
    }
    let request = AuthorizeRequest::new("https://campus.example/callback", "S");
    let url = mapped.authorize_url(request).await.unwrap();
    assert_eq!(url, mapped.inner().authorize_url(request).await.unwrap());
    let permit = mapped.admit().await.unwrap();
    assert_eq!(permits.available(), 0);
    drop(permit);
    let coordinator: Arc<dyn Coordinator> =
        Arc::new(crate::coordination::tests::InMemoryCoordinator::default());
    mapped.attach_coordinator(&coordinator).unwrap();
    assert_eq!(attached.load(Ordering::Relaxed), 1);
}
