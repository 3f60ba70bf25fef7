//! A site behind a login layer, with a provider that accepts every user, and its visitors.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{ACCEPT, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;
use tower_weika::clock::Clock;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, Manager};
use tower_weika::login::LoginLayer;
use tower_weika::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use tower_weika::session::Authenticated;
use tower_weika::store::SessionStore;
use tower_weika::{AuthorizationCode, Error, ErrorKind};

/// The text of the pages for anonymous visitors.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// A provider whose authorization codes are the names of the subjects.
#[derive(Clone)]
pub(crate) struct TestProvider {
    application: &'static str,
    /// An exchange acquires a permit before it responds.
    gate: Arc<Semaphore>,
    /// How many codes have arrived.
    codes: Arc<AtomicUsize>,
}

impl TestProvider {
    pub(crate) fn new(application: &'static str) -> Self {
        Self {
            application,
            gate: Arc::new(Semaphore::new(1_000)),
            codes: Arc::default(),
        }
    }
}

impl IdentityProvider for TestProvider {
    type Identity = Manager;

    fn name(&self) -> &str {
        "test"
    }

    fn application(&self) -> &str {
        self.application
    }

    fn code_parameter(&self) -> &str {
        "ticket"
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        Ok(format!(
            "https://test.example/ticket?state={}",
            request.state
        ))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        _: ExchangeContext<'_>,
    ) -> Result<Verified<Manager>, Error> {
        self.codes.fetch_add(1, Ordering::SeqCst);
        let _permit = self.gate.acquire().await.expect("never closed");
        match code.expose() {
            "invalid" => {
                Err(Error::new(ErrorKind::InvalidCode, "no such ticket").with_upstream_code(40_029))
            }
            name => Ok(Verified::new(Manager::new(name))),
        }
    }
}

/// Cheap to clone; clones share their state. Pages show the subject: `/` is public, `/guarded`
/// requires a login.
#[derive(Clone)]
pub(crate) struct Site {
    router: Router,
    gate: Arc<Semaphore>,
    codes: Arc<AtomicUsize>,
    start: Start,
    revoke: Revoke,
    events: Events,
}

/// The `kind subject` of each event.
type Events = Arc<Mutex<Vec<String>>>;

/// Starts a session of a subject for the browser with a cookie.
type Start = Arc<
    dyn Fn(&'static str, String) -> Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>
        + Send
        + Sync,
>;

/// Revokes the sessions of a subject, or all sessions without one.
type Revoke = Arc<
    dyn Fn(Option<&'static str>) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>
        + Send
        + Sync,
>;

/// A response to a browser.
#[derive(Debug)]
pub(crate) struct SiteResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Site {
    pub(crate) fn new(store: impl SessionStore<Manager>) -> Self {
        Self::with_clock(store, Clock::system())
    }

    pub(crate) fn with_clock(store: impl SessionStore<Manager>, clock: Clock) -> Self {
        Self::of("test-application", store, clock)
    }

    /// With the login of this application.
    pub(crate) fn of(
        application: &'static str,
        store: impl SessionStore<Manager>,
        clock: Clock,
    ) -> Self {
        let provider = TestProvider::new(application);
        Self::over(provider.clone(), &provider, Manager::new, store, clock)
    }

    /// With a provider that maps the identities of `test`; `identity` returns that of a subject.
    pub(crate) fn over<P: IdentityProvider>(
        provider: P,
        test: &TestProvider,
        identity: fn(&'static str) -> P::Identity,
        store: impl SessionStore<P::Identity>,
        clock: Clock,
    ) -> Self {
        let login = LoginLayer::builder(provider)
            .store(store)
            .secret([7; 32])
            .clock(clock);
        let events: Events = Arc::default();
        let observed = Arc::clone(&events);
        let login = login
            .public_url("https://campus.example")
            .observer(move |event| {
                let (kind, subject) = (event.kind().as_str(), event.expose_subject());
                let event = format!("{kind} {}", subject.unwrap_or_default());
                observed.lock().expect("not poisoned").push(event);
            })
            .build()
            .expect("a login layer");
        let page = get(show_subject::<P::Identity>);
        let guarded = page.clone().layer(GuardLayer::<P::Identity>::logged_in());
        let router = Router::new()
            .route("/", page)
            .route("/guarded", guarded)
            .layer(login.clone());
        let starter = login.clone();
        let start: Start = Arc::new(move |subject, cookie| {
            let login = starter.clone();
            Box::pin(async move {
                let cookie = HeaderValue::from_str(&cookie).expect("a cookie");
                let headers = HeaderMap::from_iter([(COOKIE, cookie)]);
                let cookies = login.start_session(identity(subject), &headers);
                let mut set = HeaderMap::new();
                cookies.await?.append_to(&mut set);
                Ok(set[SET_COOKIE].to_str().expect("text").to_owned())
            })
        });
        let revoke: Revoke = Arc::new(move |subject| {
            let login = login.clone();
            Box::pin(async move {
                match subject {
                    Some(subject) => login.revoke_sessions_of(subject).await,
                    None => login.revoke_all_sessions().await,
                }
            })
        });
        Self {
            router,
            gate: Arc::clone(&test.gate),
            codes: Arc::clone(&test.codes),
            start,
            revoke,
            events,
        }
    }

    /// Returns the `Set-Cookie` header of a session that the application starts, for the browser
    /// with these cookies.
    pub(crate) async fn start_session(
        &self,
        subject: &'static str,
        cookie: &str,
    ) -> Result<String, Error> {
        (self.start)(subject, cookie.to_owned()).await
    }

    /// Returns the `kind subject` of each event since the last call.
    pub(crate) fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().expect("not poisoned"))
    }

    /// Revokes the sessions of a subject, or all sessions without one.
    pub(crate) async fn revoke(&self, subject: Option<&'static str>) {
        (self.revoke)(subject).await.expect("the store responds");
    }

    /// Keeps the provider from responding until the permit is dropped.
    pub(crate) async fn hold_exchanges(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.gate)
            .acquire_many_owned(1_000)
            .await
            .expect("never closed")
    }

    /// How many codes have arrived at the provider.
    pub(crate) fn codes(&self) -> usize {
        self.codes.load(Ordering::SeqCst)
    }

    /// Requests a page with these cookies.
    pub(crate) async fn get(&self, target: &str, cookie: &str) -> SiteResponse {
        let mut request = Request::get(target).header(ACCEPT, "text/html");
        if !cookie.is_empty() {
            request = request.header(COOKIE, cookie);
        }
        self.send(request.body(Body::empty()).expect("a request"))
            .await
    }

    /// Logs out.
    pub(crate) async fn log_out(&self, cookie: &str) -> SiteResponse {
        self.send(logout(cookie)).await
    }

    /// Sends a logout, and drops the response future after one poll.
    pub(crate) async fn hang_up_during_logout(&self, cookie: &str) {
        let mut response = pin!(self.router.clone().oneshot(logout(cookie)));
        let polled = poll_fn(|cx| Poll::Ready(response.as_mut().poll(cx).is_pending())).await;
        assert!(polled, "the response waits for a reply from Redis");
    }

    async fn send(&self, request: Request<Body>) -> SiteResponse {
        let (parts, body) = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("a response")
            .into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        SiteResponse {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }

    /// Logs a subject in, and returns the session cookie, or the response that failed.
    pub(crate) async fn log_in(&self, subject: &str) -> Result<String, SiteResponse> {
        self.log_in_with(subject, "").await
    }

    /// Logs in with these cookies in the request of the callback.
    pub(crate) async fn log_in_with(
        &self,
        subject: &str,
        cookie: &str,
    ) -> Result<String, SiteResponse> {
        let (callback, flow) = self.start_login(subject).await?;
        let back = self.get(&callback, &format!("{flow}; {cookie}")).await;
        let cookies = back
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|cookie| cookie.to_str().ok());
        let session = cookies.filter_map(|cookie| cookie.split(';').next());
        match session
            .into_iter()
            .find(|cookie| cookie.starts_with("__Host-test-session="))
        {
            Some(cookie) => Ok(cookie.to_owned()),
            None => Err(back),
        }
    }
}

impl Site {
    /// Starts a login; returns the target of its callback and the flow cookie.
    pub(crate) async fn start_login(
        &self,
        subject: &str,
    ) -> Result<(String, String), SiteResponse> {
        let started = self.get("/auth/test/login", "").await;
        if started.status.is_server_error() {
            return Err(started);
        }
        let (_, state) = started
            .header(&LOCATION)
            .rsplit_once("state=")
            .expect("a state");
        let (flow, _) = started
            .header(&SET_COOKIE)
            .split_once(';')
            .expect("attributes");
        Ok((
            format!("/auth/test/callback?ticket={subject}&state={state}"),
            flow.to_owned(),
        ))
    }
}

impl SiteResponse {
    #[track_caller]
    pub(crate) fn header(&self, name: &http::HeaderName) -> &str {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().expect("ASCII")
    }

    /// Asserts that the store is reported as unavailable: the browser may retry soon, keeps its
    /// cookie, and is not redirected.
    #[track_caller]
    pub(crate) fn assert_unavailable(&self) {
        assert_eq!(self.status, StatusCode::SERVICE_UNAVAILABLE, "{self:?}");
        assert!(self.headers.contains_key(RETRY_AFTER), "{self:?}");
        assert!(
            !self.headers.contains_key(SET_COOKIE) && !self.headers.contains_key(LOCATION),
            "{self:?}"
        );
    }

    /// Asserts that this is the page itself, for this subject.
    #[track_caller]
    pub(crate) fn assert_page_for(&self, subject: &str) {
        assert_eq!(
            (self.status, &*self.text),
            (StatusCode::OK, subject),
            "{self:?}"
        );
        assert!(!self.headers.contains_key(SET_COOKIE), "{self:?}");
    }
}

fn logout(cookie: &str) -> Request<Body> {
    let request = Request::post("/auth/test/logout").header(COOKIE, cookie);
    let request = request
        .header("sec-fetch-site", "same-origin")
        .header("origin", "https://campus.example");
    request.body(Body::empty()).expect("a request")
}

async fn show_subject<I: Identity>(authenticated: Option<Authenticated<I>>) -> String {
    authenticated.map_or_else(
        || ANONYMOUS.to_owned(),
        |authenticated| authenticated.subject().to_owned(),
    )
}
