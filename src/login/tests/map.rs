//! The application's own identity: `IdentityProvider::map`.

use super::*;
use crate::provider::Mapped;

#[derive(Debug)]
struct Staff(String);

impl Identity for Staff {
    fn subject(&self) -> &str {
        &self.0
    }
}

/// A site whose users are the members of staff: `wang` is one, `guest` is refused, and every other lookup fails.
struct StaffSite {
    provider: Provider,
    clock: ManualClock,
    login: LoginLayer<Mapped<Provider, Staff>>,
    lookups: Arc<AtomicUsize>,
}

impl StaffSite {
    fn new(provider: Provider) -> Self {
        let (clock, lookups) = (Site::new().clock, Arc::<AtomicUsize>::default());
        let count = Arc::clone(&lookups);
        let mapped = provider.clone().map(move |person: Person| {
            count.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::task::yield_now().await;
                match person.subject() {
                    "wang" => Ok(Staff("staff/7".to_owned())),
                    "guest" => Err(Error::new(ErrorKind::Denied, "guests may not log in")),
                    "invalid" => Err(Error::new(ErrorKind::InvalidCode, "as planned")),
                    "timeout" => Err(Error::new(ErrorKind::Timeout, "as planned")),
                    _ => Err(Error::new(ErrorKind::Store, "as planned")),
                }
            }
        });
        let login = LoginLayer::builder(mapped)
            .public_url("https://campus.example")
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

    async fn get(&self, jar: &mut Jar, target: &str) -> Answer {
        let page = service_fn(async |request: Request<Body>| {
            let staff = request.extensions().get::<Authenticated<Staff>>();
            let text = staff
                .map_or("anonymous", |staff| staff.subject())
                .to_owned();
            Ok::<_, Infallible>(Response::new(Body::from(text)))
        });
        let response = self.login.layer(page).oneshot(jar.get(target)).await;
        let answer = answer(response.unwrap()).await;
        jar.apply(&answer);
        answer
    }

    async fn callback_url(&self, jar: &mut Jar, code: &str) -> String {
        let state = self.get(jar, "/auth/weika/login").await.state();
        format!("/auth/weika/callback?wxcode={code}&state={state}")
    }

    fn counts(&self) -> (usize, usize) {
        let exchanges = self.provider.exchanges.load(Ordering::Relaxed);
        (exchanges, self.lookups.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn map_runs_once_per_login_however_often_the_callback_is_repeated() {
    let site = StaffSite::new(Site::new().provider);
    let mut jar = Jar::default();
    let url = site.callback_url(&mut jar, "wang").await;
    let mut jars = vec![jar; 20];
    let callbacks = jars.iter_mut().map(|jar| site.get(jar, &url));
    for answer in futures_util::future::join_all(callbacks).await {
        assert_eq!(answer.location(), "/");
    }
    for jar in &mut jars {
        assert_eq!(site.get(jar, "/").await.text, "staff/7");
    }
    assert_eq!(site.counts(), (1, 1));
}

#[tokio::test]
async fn user_whom_the_application_refuses_gets_a_page_and_no_session() {
    let site = StaffSite::new(Site::new().provider);
    let mut jar = Jar::default();
    let url = site.callback_url(&mut jar, "guest").await;
    for _ in 0..2 {
        let answer = site.get(&mut jar, &url).await;
        assert_eq!(answer.parts.status, StatusCode::FORBIDDEN);
        let error = answer.parts.extensions.get::<Error>().unwrap();
        assert_eq!(error.kind(), ErrorKind::Denied);
    }
    assert_eq!(site.get(&mut jar, "/").await.text, "anonymous");
    assert_eq!(site.counts(), (1, 1), "a repeat gets the same page");
}

#[tokio::test]
async fn failed_lookup_is_503_and_never_taken_for_a_failure_of_the_provider() {
    let site = StaffSite::new(Site::new().provider);
    for (index, code) in ["li", "invalid", "timeout"].into_iter().enumerate() {
        let mut jar = Jar::default();
        let url = site.callback_url(&mut jar, code).await;
        let answer = site.get(&mut jar, &url).await;
        assert_eq!(
            answer.parts.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{code}"
        );
        let error = answer.parts.extensions.get::<Error>().unwrap();
        assert_eq!(error.kind(), ErrorKind::Internal, "{code}");
        assert_eq!(site.get(&mut jar, "/").await.text, "anonymous");
        assert_eq!(site.counts(), (index + 1, index + 1));
    }
}

#[tokio::test]
async fn session_of_a_mapped_identity_expires_when_the_upstream_system_says() {
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
async fn everything_else_of_the_provider_is_forwarded() {
    let permits = Permits::new(1);
    let provider = Provider {
        for_wechat: true,
        silent: true,
        permits: Some(permits.clone()),
        ..Site::named("campus").provider
    };
    let joined = Arc::clone(&provider.joined);
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
    assert_eq!(joined.load(Ordering::Relaxed), 1);
}
