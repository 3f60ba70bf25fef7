//! Tests of the login layer, with a provider whose responses the test chooses.

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, COOKIE, HOST, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tokio_test::{assert_pending, task};
use tower::{Layer, Service, ServiceExt, service_fn};

use super::*;
use crate::body::ResponseBody;
use crate::client::{Permit, Permits};
use crate::clock::{ManualClock, Timestamp};
use crate::coordination::Coordinator;
use crate::error::{ConfigErrorKind, Error, ErrorKind};
use crate::guard::GuardLayer;
use crate::identity::Identity;
use crate::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use crate::request::UserAgent;
use crate::secret::AuthorizationCode;
use crate::session::{Authenticated, SessionTimeouts};
use crate::store::{MemoryStore, SessionStore};

mod clocks;
mod cookies;
mod devices;
mod elsewhere;
mod forward_auth;
mod hang_up;
mod instances;
mod kinds;
mod load;
mod lost_callback;
mod map;
mod observer;
mod permits;
mod prefix_guards;
mod recent_login;
mod revocation_events;
mod rotation;
mod secret;
mod shared_store;
mod silent_login;
mod start_session;
mod tenants;
mod throttle;
mod two_applications;
mod unbound;
mod under_a_path;

type Body = Full<Bytes>;

#[derive(Debug)]
struct Person(String);

impl Identity for Person {
    fn subject(&self) -> &str {
        &self.0
    }

    fn is_complete(&self) -> bool {
        self.0 != "newcomer"
    }

    fn school(&self) -> Option<&str> {
        Some("1014714333")
    }
}

/// Returns the user that the code names; the codes `bad`, `lost`, … fail in that way.
#[derive(Clone)]
struct Provider {
    name: &'static str,
    exchanges: Arc<AtomicUsize>,
    /// An exchange takes a permit before it returns.
    gate: Arc<Semaphore>,
    valid_until: Option<Timestamp>,
    /// Whether `authorize_url` fails.
    has_no_authorize_url: Arc<AtomicBool>,
    /// Whether it supports WeChat's browser only.
    for_wechat: bool,
    /// Whether it allows silent logins.
    silent: bool,
    /// How often a coordinator was attached.
    attached: Arc<AtomicUsize>,
    /// The bound on its exchanges.
    permits: Option<Permits>,
    /// The kind with which admission fails.
    admission_fails: Arc<Mutex<Option<ErrorKind>>>,
    /// Admission waits for this before the permit, as for an access token.
    token: Arc<Semaphore>,
    /// The browsers for which an authorize URL was requested.
    user_agents: Arc<Mutex<Vec<UserAgent>>>,
    /// Whether each of them asked for a fresh login.
    fresh_logins: Arc<Mutex<Vec<bool>>>,
    /// Exchanges that are under way, and the highest number at any time.
    running: Arc<(AtomicUsize, AtomicUsize)>,
}

impl IdentityProvider for Provider {
    type Identity = Person;

    fn name(&self) -> &str {
        self.name
    }

    fn application(&self) -> &str {
        "test-application"
    }

    fn code_parameter(&self) -> &str {
        "wxcode"
    }

    fn supports(&self, browser: UserAgent) -> bool {
        !self.for_wechat || browser.has_web_login()
    }

    fn allows_silent_login(&self, browser: UserAgent) -> bool {
        self.silent && browser.is_wechat()
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        self.user_agents.lock().unwrap().push(request.user_agent);
        self.fresh_logins.lock().unwrap().push(request.fresh_login);
        if self.has_no_authorize_url.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Fault, "as planned"));
        }
        Ok(format!(
            "https://provider.example/authorize?redirect_uri={}&state={}",
            request.redirect_uri, request.state
        ))
    }

    async fn admit(&self) -> Result<Permit, Error> {
        let token = async {
            drop(self.token.acquire().await);
            match *self.admission_fails.lock().unwrap() {
                Some(kind) => Err(Error::new(kind, "as planned")),
                None => Ok(()),
            }
        };
        match &self.permits {
            Some(permits) => permits
                .acquire_after(token)
                .await
                .map(|((), permit)| permit),
            None => token.await.map(|()| Permit::unlimited()),
        }
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        _context: ExchangeContext<'_>,
    ) -> Result<Verified<Person>, Error> {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        let (running, most) = &*self.running;
        most.fetch_max(
            running.fetch_add(1, Ordering::Relaxed) + 1,
            Ordering::Relaxed,
        );
        let _running = Countdown(running);
        if code.expose() == "panic" {
            panic!("as planned");
        }
        self.gate.acquire().await.expect("never closed").forget();
        self.gate.add_permits(1);
        let kind = match code.expose() {
            "bad" => ErrorKind::InvalidCode,
            "lost" => ErrorKind::Lost,
            "late" => ErrorKind::Timeout,
            "denied" => ErrorKind::Denied,
            "fault" => ErrorKind::Fault,
            "store" => ErrorKind::Store,
            name => {
                let identity = Verified::new(Person(name.to_owned()));
                return Ok(identity.valid_until(self.valid_until));
            }
        };
        Err(Error::new(kind, "as planned").with_upstream_code(6001))
    }

    fn attach_coordinator(&self, _: &Arc<dyn Coordinator>) -> Result<(), ConfigErrorKind> {
        self.attached.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Counts down when it is dropped.
struct Countdown<'a>(&'a AtomicUsize);

impl Drop for Countdown<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Site<St = MemoryStore<Person>> {
    provider: Provider,
    clock: ManualClock,
    login: LoginLayer<Provider, St>,
}

impl Site {
    fn new() -> Self {
        Self::named("weika")
    }

    fn named(name: &'static str) -> Self {
        let gate = Arc::new(Semaphore::new(1));
        let provider = Provider {
            name,
            exchanges: Arc::default(),
            gate,
            valid_until: None,
            has_no_authorize_url: Arc::default(),
            for_wechat: false,
            silent: false,
            attached: Arc::default(),
            permits: None,
            admission_fails: Arc::default(),
            token: Arc::new(Semaphore::new(1)),
            running: Arc::default(),
            user_agents: Arc::default(),
            fresh_logins: Arc::default(),
        };
        Self::with(provider)
    }

    fn with(provider: Provider) -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let login = LoginLayer::builder(provider.clone())
            .public_url("https://campus.example")
            .secret([9; 32])
            .clock(clock.clock());
        let login = if provider.silent {
            login.silent_login()
        } else {
            login
        };
        let login = login.build().unwrap();
        Self {
            provider,
            clock,
            login,
        }
    }
}

impl<St: SessionStore<Person>> Site<St> {
    fn app(
        &self,
    ) -> impl Service<
        Request<Body>,
        Response = Response<ResponseBody<ResponseBody<Body>>>,
        Error = Infallible,
    > + Clone
    + use<St> {
        let application = service_fn(async |request: Request<Body>| {
            let known = request.extensions().get::<Authenticated<Person>>();
            let text = known.map_or_else(
                || "anonymous".to_owned(),
                |person| person.subject().to_owned(),
            );
            Ok::<_, Infallible>(Response::new(Body::from(text)))
        });
        let guarded = GuardLayer::<Person>::logged_in().layer(application);
        self.login.layer(service_fn(move |request: Request<Body>| {
            let is_guarded = request.uri().path().starts_with("/admin");
            let guarded = guarded.clone();
            async move {
                if is_guarded {
                    return guarded.oneshot(request).await;
                }
                Ok(application.oneshot(request).await?.map(ResponseBody::inner))
            }
        }))
    }

    async fn send(&self, request: Request<Body>) -> TextResponse {
        collect(self.app().oneshot(request).await.unwrap()).await
    }

    fn exchanges(&self) -> usize {
        self.provider.exchanges.load(Ordering::Relaxed)
    }

    /// Begins a login in `jar` and returns the state.
    async fn begin(&self, jar: &mut Jar, return_to: &str) -> String {
        let response = self
            .send(jar.get(&format!(
                "/auth/{}/login?return_to={return_to}",
                self.provider.name
            )))
            .await;
        jar.apply(&response);
        response.state()
    }

    async fn callback(&self, jar: &mut Jar, code: &str, state: &str) -> TextResponse {
        let response = self.send(jar.get(&self.callback_url(code, state))).await;
        jar.apply(&response);
        response
    }

    fn callback_url(&self, code: &str, state: &str) -> String {
        format!(
            "/auth/{}/callback?wxcode={code}&state={state}",
            self.provider.name
        )
    }

    async fn log_in(&self, jar: &mut Jar, name: &str) {
        self.log_in_to(jar, name, "/").await;
    }

    /// Logs in, and checks that the login returns to this target.
    async fn log_in_to(&self, jar: &mut Jar, name: &str, target: &str) {
        let state = self.begin(jar, target).await;
        assert_eq!(self.callback(jar, name, &state).await.location(), target);
    }

    async fn who(&self, jar: &Jar) -> String {
        self.send(jar.get("/")).await.text
    }
}

async fn collect<B: http_body::Body<Error: fmt::Debug>>(response: Response<B>) -> TextResponse {
    let (parts, body) = response.into_parts();
    cookies::assert_a4(&parts.headers);
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    TextResponse { parts, text }
}

#[derive(Debug)]
struct TextResponse {
    parts: http::response::Parts,
    text: String,
}

impl TextResponse {
    fn location(&self) -> &str {
        assert_eq!(self.parts.status, StatusCode::SEE_OTHER, "{self:?}");
        self.parts.headers[LOCATION].to_str().unwrap()
    }

    fn state(&self) -> String {
        self.location().rsplit_once("state=").unwrap().1.to_owned()
    }

    fn is_to_provider(&self) -> bool {
        self.location()
            .starts_with("https://provider.example/authorize")
    }
}

/// The cookies of one browser.
#[derive(Clone, Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    fn apply(&mut self, response: &TextResponse) {
        for cookie in response.parts.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !rest.contains("Max-Age=0") {
                self.0
                    .push((name.to_owned(), rest.split(';').next().unwrap().to_owned()));
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn request(&self, method: Method, target: &str) -> Request<Body> {
        let cookies: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(ACCEPT, "text/html");
        request
            .header(COOKIE, cookies.join("; "))
            .body(Body::default())
            .unwrap()
    }

    fn get(&self, target: &str) -> Request<Body> {
        self.request(Method::GET, target)
    }
}

#[tokio::test]
async fn login_returns_to_the_requested_target() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let refused = site.send(jar.get("/admin/课程?a=%20b")).await;
    assert!(refused.is_to_provider());
    jar.apply(&refused);
    let back = site.callback(&mut jar, "wang", &refused.state()).await;
    assert_eq!(back.location(), "/admin/%E8%AF%BE%E7%A8%8B?a=%20b");
    assert_eq!(back.parts.headers["cache-control"], "no-store");
    assert_eq!(back.parts.headers["referrer-policy"], "no-referrer");
    assert_eq!(site.send(jar.get("/admin/x")).await.text, "wang");
    assert_eq!(
        jar.0.len(),
        2,
        "the session, and the result marker of ten seconds"
    );
}

#[tokio::test]
async fn script_gets_401_with_the_login_url_and_no_cookie() {
    let site = Site::new();
    for method in [Method::GET, Method::POST, Method::HEAD, Method::DELETE] {
        let request = Request::builder()
            .method(method)
            .uri("/admin/api")
            .body(Body::default())
            .unwrap();
        let response = site.send(request).await;
        assert_eq!(response.parts.status, StatusCode::UNAUTHORIZED);
        assert!(!response.parts.headers.contains_key(SET_COOKIE));
        let json: serde_json::Value = serde_json::from_str(&response.text).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "error": "login_required", "login_url": "/auth/weika/login" })
        );
    }
}

#[tokio::test]
async fn preflight_is_never_redirected_and_gets_no_cookie() {
    let response = Site::new()
        .send(Jar::default().request(Method::OPTIONS, "/admin"))
        .await;
    assert_eq!(response.parts.status, StatusCode::UNAUTHORIZED);
    assert!(
        !response.parts.headers.contains_key(SET_COOKIE)
            && !response.parts.headers.contains_key(LOCATION)
    );
}

#[tokio::test]
async fn t7_invalid_return_target_is_replaced_by_the_default_target() {
    let site = Site::new();
    for target in [
        "//evil.example",
        "https://evil.example/",
        "/a&return_to=/b",
        "%ff",
        "/auth/weika/logout",
        "",
    ] {
        let mut jar = Jar::default();
        let state = site.begin(&mut jar, target).await;
        assert_eq!(
            site.callback(&mut jar, "wang", &state).await.location(),
            "/",
            "{target}"
        );
    }
}

#[tokio::test]
async fn t9_absolute_form_target_of_a_guarded_request_stays_on_this_site() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let refused = site.send(jar.get("http://evil.example/admin/x")).await;
    jar.apply(&refused);
    assert_eq!(
        site.callback(&mut jar, "wang", &refused.state())
            .await
            .location(),
        "/admin/x"
    );
}

#[tokio::test]
async fn p4_host_and_forwarded_headers_do_not_change_the_authorize_url() {
    let site = Site::new();
    let plain = site.send(Jar::default().get("/auth/weika/login")).await;
    let names = [
        HOST.as_str(),
        "x-forwarded-host",
        "x-forwarded-proto",
        "forwarded",
        "x-original-url",
        "x-forwarded-prefix",
    ];
    for name in names {
        let mut request = Jar::default().get("/auth/weika/login");
        request.headers_mut().insert(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            "evil.example".parse().unwrap(),
        );
        let response = site.send(request).await;
        let without_state = |response: &TextResponse| {
            response
                .location()
                .rsplit_once("state=")
                .unwrap()
                .0
                .to_owned()
        };
        assert_eq!(without_state(&response), without_state(&plain), "{name}");
        assert!(
            response
                .location()
                .contains("redirect_uri=https://campus.example/auth/weika/callback&")
        );
    }
}

#[tokio::test]
async fn forged_expired_replayed_and_foreign_states_get_the_same_response() {
    let (site, other) = (Site::new(), Site::named("wechat"));
    let mut jar = Jar::default();

    let forged = site
        .callback(&mut jar.clone(), "wang", &"a".repeat(56))
        .await;

    let foreign_state = other.begin(&mut jar, "/").await;
    let foreign = site
        .callback(&mut jar.clone(), "wang", &foreign_state)
        .await;

    let state = site.begin(&mut jar, "/").await;
    let before = jar.clone();
    site.callback(&mut jar, "wang", &state).await;
    let anonymous = site.callback(&mut Jar::default(), "wang", &state).await;
    site.clock.advance(Duration::from_secs(61));
    let replayed = site.callback(&mut before.clone(), "wang", &state).await;

    let late = site.begin(&mut jar, "/").await;
    site.clock.advance(Duration::from_secs(600));
    let expired = site.callback(&mut before.clone(), "wang", &late).await;

    for response in [&foreign, &anonymous, &replayed, &expired] {
        assert_eq!(response.parts.status, StatusCode::BAD_REQUEST);
        assert_eq!(response.parts.headers, forged.parts.headers);
        assert_eq!(response.text, forged.text);
    }
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn malformed_callbacks_are_400_and_leave_the_flow_usable() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let state = site.begin(&mut jar, "/").await;
    let queries = [
        String::new(),
        "?wxcode=a".to_owned(),
        "?wxcode=a&state=".to_owned(),
        format!("?wxcode=a&state={state}&state={state}"),
        format!("?wxcode=a&wxcode=b&state={state}"),
        format!("?wxcode={}&state={state}", "a".repeat(1025)),
        format!("?wxcode=%ff&state={state}"),
        format!("?wxcode=a%00&state={state}"),
        format!("?wxcode=a&state={state}https://i.maxthon.cn"),
        format!("?wxcode=a&state={}", "a".repeat(100_000)),
    ];
    for query in queries {
        let request = jar.get(&format!(
            "/auth/weika/callback{}",
            query.get(..60_000).unwrap_or(&query)
        ));
        assert_eq!(
            site.send(request).await.parts.status,
            StatusCode::BAD_REQUEST,
            "{query:.200}"
        );
    }
    assert_eq!(site.exchanges(), 0);
    // The flow still exists: a valid callback finishes it, also with other parameters in the query.
    let request = jar.get(&format!(
        "{}&utm=x&from=%ff&wxcode2=y",
        site.callback_url("wang", &state)
    ));
    assert_eq!(site.send(request).await.location(), "/");
}

#[tokio::test]
async fn wrong_method_is_405_and_names_the_right_one() {
    let site = Site::new();
    let cases = [
        ("login", "POST", "GET"),
        ("callback", "POST", "GET"),
        ("callback", "HEAD", "GET"),
        ("logout", "GET", "POST"),
        ("login", "OPTIONS", "GET"),
    ];
    for (endpoint, method, allow) in cases {
        let request =
            Jar::default().request(method.parse().unwrap(), &format!("/auth/weika/{endpoint}"));
        let response = site.send(request).await;
        assert_eq!(
            response.parts.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{endpoint} {method}"
        );
        assert_eq!(response.parts.headers["allow"], allow);
    }
}

#[tokio::test]
async fn declined_login_shows_a_page_and_does_not_redirect() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let state = site.begin(&mut jar, "/admin").await;
    for query in [format!("state={state}"), format!("wxcode=&state={state}")] {
        let response = site
            .send(jar.get(&format!("/auth/weika/callback?{query}")))
            .await;
        assert_eq!(response.parts.status, StatusCode::FORBIDDEN);
        assert!(
            response.text.contains("登录已取消")
                && response
                    .text
                    .contains("/auth/weika/login?return_to=%2Fadmin")
        );
    }
}

#[tokio::test]
async fn browser_that_loses_every_cookie_sees_two_redirects_and_then_a_page() {
    let site = Site::new();
    let first = site.send(Jar::default().get("/admin")).await;
    let second = site
        .callback(&mut Jar::default(), "wang", &first.state())
        .await;
    assert!(second.is_to_provider());
    let last = site
        .callback(&mut Jar::default(), "wang", &second.state())
        .await;
    assert_eq!(last.parts.status, StatusCode::BAD_REQUEST);
    assert!(last.text.contains("Cookie"));
    assert_eq!(site.exchanges(), 0);
}

#[tokio::test]
async fn login_begun_under_the_previous_secret_succeeds_and_under_an_unknown_secret_fails() {
    let (before, mut jar) = (Site::new(), Jar::default());
    let state = before.begin(&mut jar, "/admin/x").await;
    let after = |previous: Option<[u8; 32]>| {
        let builder =
            LoginLayer::builder(before.provider.clone()).public_url("https://campus.example");
        let builder = builder.secret([10; 32]).clock(before.clock.clock());
        let builder = previous
            .into_iter()
            .fold(builder, LoginLayerBuilder::previous_secret);
        Site {
            provider: before.provider.clone(),
            clock: before.clock.clone(),
            login: builder.build().unwrap(),
        }
    };
    for previous in [None, Some([11; 32])] {
        assert_eq!(
            after(previous)
                .callback(&mut jar, "wang", &state)
                .await
                .parts
                .status,
            StatusCode::BAD_REQUEST
        );
    }
    let rotated = after(Some([9; 32]));
    assert_eq!(
        rotated.callback(&mut jar, "wang", &state).await.location(),
        "/admin/x"
    );
    // A login that begins now uses the new secret.
    let state = rotated.begin(&mut jar, "/admin/y").await;
    assert_eq!(
        before.callback(&mut jar, "wang", &state).await.parts.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(before.exchanges(), 1);
    assert_eq!(
        after(None)
            .callback(&mut jar, "wang", &state)
            .await
            .location(),
        "/admin/y"
    );
}

#[tokio::test]
async fn code_that_fails_restarts_the_login_once_and_keeps_the_target() {
    for (code, status) in [("bad", 400), ("lost", 502), ("late", 504)] {
        let (site, mut jar) = (Site::new(), Jar::default());
        let state = site.begin(&mut jar, "/admin/x").await;
        let again = site.callback(&mut jar, code, &state).await;
        assert!(again.is_to_provider());
        let page = site.callback(&mut jar.clone(), code, &again.state()).await;
        assert_eq!(page.parts.status.as_u16(), status, "{code}");
        assert!(page.parts.extensions.get::<Error>().is_some());
        assert!(page.text.contains("return_to=%2Fadmin%2Fx"));

        let (site, mut jar) = (Site::new(), Jar::default());
        let state = site.begin(&mut jar, "/admin/x").await;
        let again = site.callback(&mut jar, code, &state).await;
        assert_eq!(
            site.callback(&mut jar, "wang", &again.state())
                .await
                .location(),
            "/admin/x"
        );
    }
}

#[tokio::test]
async fn other_failures_are_pages_at_once() {
    for (code, status) in [("denied", 403), ("fault", 502), ("store", 503)] {
        let (site, mut jar) = (Site::new(), Jar::default());
        let state = site.begin(&mut jar, "/").await;
        let page = site.callback(&mut jar, code, &state).await;
        assert_eq!(page.parts.status.as_u16(), status, "{code}");
        assert_eq!(page.parts.headers.contains_key(RETRY_AFTER), status == 503);
        let reloaded = site.callback(&mut jar, code, &state).await;
        assert_eq!(
            (reloaded.parts.status, reloaded.text),
            (page.parts.status, page.text)
        );
        assert_eq!(site.exchanges(), 1);
        assert_eq!(site.who(&jar).await, "anonymous");
    }
}

#[tokio::test]
async fn fifty_identical_callbacks_are_one_exchange_and_all_are_logged_in() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.provider.gate.forget_permits(1);
    let state = site.begin(&mut jar, "/admin").await;
    let mut waiting: Vec<_> = (0..50)
        .map(|index| {
            // WeChat's browser may bring another code with the same state.
            let code = if index % 2 == 0 { "wang" } else { "li" };
            task::spawn(Box::pin(
                site.send(jar.get(&site.callback_url(code, &state))),
            ))
        })
        .collect();
    for response in &mut waiting {
        assert_pending!(response.poll());
    }
    site.provider.gate.add_permits(1);
    let mut sessions = Vec::new();
    for response in waiting {
        let response = response.into_inner().await;
        assert_eq!(response.location(), "/admin");
        let mut own = jar.clone();
        own.apply(&response);
        assert_eq!(site.who(&own).await, "wang");
        sessions.push(own.0);
    }
    assert!(sessions.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn client_that_disconnects_after_any_poll_does_not_lose_the_code() {
    for polls in 0..4 {
        let (site, mut jar) = (Site::new(), Jar::default());
        site.provider.gate.forget_permits(1);
        let state = site.begin(&mut jar, "/admin").await;
        let mut first = task::spawn(site.send(jar.get(&site.callback_url("wang", &state))));
        for _ in 0..polls {
            assert_pending!(first.poll());
            tokio::task::yield_now().await;
        }
        drop(first);
        site.provider.gate.add_permits(1);
        let second = site.callback(&mut jar, "wang", &state).await;
        assert_eq!(second.location(), "/admin", "dropped after {polls} polls");
        assert_eq!(site.exchanges(), 1);
        assert_eq!(site.who(&jar).await, "wang");
    }
}

#[tokio::test]
async fn callback_url_in_another_browser_logs_in_nothing_and_exchanges_nothing() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let state = site.begin(&mut jar, "/admin/private").await;
    // Before the callback of the browser itself: the login restarts, as without a flow.
    let mut early = Jar::default();
    assert!(
        site.callback(&mut early, "wang", &state)
            .await
            .is_to_provider()
    );
    assert_eq!(site.exchanges(), 0);
    assert_eq!(
        site.callback(&mut jar, "wang", &state).await.location(),
        "/admin/private"
    );
    // After it, also in a browser with the session of another user.
    let mut late = Jar::default();
    assert_eq!(
        site.callback(&mut late, "wang", &state).await.parts.status,
        StatusCode::BAD_REQUEST
    );
    let mut other_user = Jar::default();
    site.log_in(&mut other_user, "li").await;
    assert_eq!(
        site.callback(&mut other_user, "wang", &state)
            .await
            .location(),
        "/"
    );
    assert_eq!(site.who(&early).await, "anonymous");
    assert_eq!(site.who(&late).await, "anonymous");
    assert_eq!(site.who(&other_user).await, "li");
    assert_eq!(site.exchanges(), 2);
}

#[tokio::test]
async fn back_button_with_a_live_session_leads_to_the_return_target() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let state = site.begin(&mut jar, "/admin/x").await;
    site.callback(&mut jar, "wang", &state).await;
    for wait in [0, 59, 61, 300] {
        site.clock.advance(Duration::from_secs(wait));
        assert_eq!(
            site.callback(&mut jar, "wang", &state).await.location(),
            "/admin/x"
        );
    }
    assert_eq!(site.exchanges(), 1);
    // Much later, when another login has removed the record of this one.
    site.clock.advance(Duration::from_secs(600));
    site.log_in(&mut Jar::default(), "li").await;
    assert_eq!(
        site.callback(&mut jar, "wang", &state).await.location(),
        "/"
    );
}

#[tokio::test]
async fn repeated_callback_does_not_undo_a_logout() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let state = site.begin(&mut jar, "/").await;
    let with_flow = jar.clone();
    site.callback(&mut jar, "wang", &state).await;
    let out = site
        .send(jar.request(Method::POST, "/auth/weika/logout"))
        .await;
    jar.apply(&out);
    assert_eq!(out.location(), "/");
    assert!(jar.0.iter().all(|(name, _)| name == "__Host-weika-logout"));
    for mut jar in [jar, with_flow] {
        let response = site.callback(&mut jar, "wang", &state).await;
        assert_eq!(response.parts.status, StatusCode::BAD_REQUEST);
        assert_eq!(site.who(&jar).await, "anonymous");
    }
}

#[tokio::test]
async fn login_issues_a_new_session_id_and_revokes_the_previous_session() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "wang").await;
    let previous = jar.clone();
    site.log_in(&mut jar, "wang").await;
    assert_ne!(previous.0, jar.0);
    assert_eq!(site.who(&previous).await, "anonymous");
    assert_eq!(site.who(&jar).await, "wang");
}

/// Two tabs that a guard sent to the login at the same time: requests with the session of the first
/// may be under way when the second completes.
#[tokio::test]
async fn session_from_a_concurrent_tab_stays_unless_it_is_of_another_user() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let mut begin = async || {
        let refused = site.send(jar.get("/admin")).await;
        jar.apply(&refused);
        refused.state()
    };
    let states = [begin().await, begin().await, begin().await];
    site.callback(&mut jar, "wang", &states[0]).await;
    let first = jar.clone();
    site.callback(&mut jar, "wang", &states[1]).await;
    let second = jar.clone();
    assert_ne!(first.0, second.0);
    for jar in [&first, &second] {
        assert_eq!(site.who(jar).await, "wang");
    }
    site.callback(&mut jar, "li", &states[2]).await;
    assert_eq!(site.who(&second).await, "anonymous");
    assert_eq!(site.who(&jar).await, "li");
}

/// The cookie of an expired session is still in the browser when two tabs open the login.
#[tokio::test]
async fn expired_session_in_the_cookie_is_not_one_that_a_login_replaces() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "wang").await;
    site.clock.advance(Duration::from_secs(30 * 60));
    let states = [
        site.begin(&mut jar, "/").await,
        site.begin(&mut jar, "/").await,
    ];
    site.callback(&mut jar, "wang", &states[0]).await;
    let first = jar.clone();
    site.callback(&mut jar, "wang", &states[1]).await;
    for jar in [&first, &jar] {
        assert_eq!(site.who(jar).await, "wang");
    }
}

#[tokio::test]
async fn session_id_planted_in_the_browser_is_never_adopted() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let planted = ("__Host-weika-session".to_owned(), "A".repeat(43));
    jar.0.push(planted.clone());
    site.log_in(&mut jar, "wang").await;
    assert!(!jar.0.contains(&planted));
    assert_eq!(site.who(&Jar(vec![planted])).await, "anonymous");
}

#[tokio::test]
async fn eight_tabs_finish_in_reverse_order_each_at_its_target() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let mut states = Vec::new();
    for tab in 0..8 {
        states.push(
            site.begin(&mut jar, &format!("/admin/{}/{tab}", "x".repeat(200)))
                .await,
        );
    }
    for (tab, state) in states.iter().enumerate().rev() {
        let response = site.callback(&mut jar, "wang", state).await;
        assert!(response.location().ends_with(&format!("/{tab}")));
    }
}

#[tokio::test]
async fn browser_that_rejects_the_session_cookie_does_not_loop() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let refused = site.send(jar.get("/admin")).await;
    jar.apply(&refused);
    assert_eq!(
        site.callback(&mut jar, "wang", &refused.state())
            .await
            .location(),
        "/admin"
    );
    // The browser rejected the session cookie, or this instance does not know the session.
    jar.0.retain(|(name, _)| !name.ends_with("-session"));
    let page = site.send(jar.get("/admin")).await;
    assert_eq!(page.parts.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("/auth/weika/login?return_to=%2Fadmin"));
    // A user who follows the link may try again.
    assert!(
        site.send(jar.get("/auth/weika/login"))
            .await
            .is_to_provider()
    );
}

#[tokio::test]
async fn headers_added_to_a_rejection_by_inner_middleware_are_kept() {
    let site = Site::new();
    let inside = service_fn(async |request: Request<Body>| {
        let rejection = crate::response::Rejection::login_required::<Person>(
            request.method(),
            request.headers(),
        );
        let mut response = rejection.into_response();
        response.headers_mut().insert(
            "access-control-allow-origin",
            "https://portal.example".parse().unwrap(),
        );
        response
            .headers_mut()
            .insert("content-length", "1234".parse().unwrap());
        Ok::<_, Infallible>(response)
    });
    let app = site.login.layer(inside);
    let script = app
        .clone()
        .oneshot(Request::get("/").body(Body::default()).unwrap())
        .await
        .unwrap();
    assert_eq!(script.status(), StatusCode::UNAUTHORIZED);
    let person = app.oneshot(Jar::default().get("/")).await.unwrap();
    assert_eq!(person.status(), StatusCode::SEE_OTHER);
    for response in [script, person] {
        assert_eq!(
            response.headers()["access-control-allow-origin"],
            "https://portal.example"
        );
        assert!(!response.headers().contains_key("content-length"));
        assert_eq!(
            response.headers().get_all("cache-control").iter().count(),
            1
        );
    }
}

#[tokio::test]
async fn redirect_of_an_inner_login_layer_passes_an_outer_authenticate_layer() {
    let site = Site::new();
    let twice = site.login.authenticate().layer(site.app());
    let response = twice.oneshot(Jar::default().get("/admin")).await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn provider_with_an_empty_authorize_url_gives_503_without_cookies() {
    #[derive(Clone)]
    struct Lost(Provider);

    impl IdentityProvider for Lost {
        type Identity = Person;

        fn name(&self) -> &str {
            self.0.name()
        }

        fn application(&self) -> &str {
            "test-application"
        }

        fn code_parameter(&self) -> &str {
            "wxcode"
        }

        async fn authorize_url(&self, _: AuthorizeRequest<'_>) -> Result<String, Error> {
            Ok(String::new())
        }

        async fn exchange(
            &self,
            code: AuthorizationCode,
            context: ExchangeContext<'_>,
        ) -> Result<Verified<Person>, Error> {
            self.0.exchange(code, context).await
        }
    }

    let login = LoginLayer::builder(Lost(Site::new().provider))
        .public_url("https://campus.example")
        .build()
        .unwrap();
    let inner =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let response = login
        .layer(inner)
        .oneshot(Jar::default().get("/auth/weika/login"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!response.headers().contains_key(SET_COOKIE));
}

#[tokio::test]
async fn session_expires_at_the_valid_until_of_the_provider() {
    let in_a_minute = Site::new()
        .clock
        .clock()
        .now()
        .plus(Duration::from_secs(60));
    let provider = Provider {
        valid_until: Some(in_a_minute),
        ..Site::new().provider
    };
    let (site, mut jar) = (Site::with(provider), Jar::default());
    site.log_in(&mut jar, "wang").await;
    site.clock.advance(Duration::from_secs(59));
    assert_eq!(site.who(&jar).await, "wang");
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.who(&jar).await, "anonymous");
}

#[tokio::test]
async fn sessions_of_one_subject_or_of_all_are_revoked() {
    let site = Site::new();
    let mut jars = [Jar::default(), Jar::default(), Jar::default()];
    for (jar, name) in jars.iter_mut().zip(["wang", "wang", "li"]) {
        site.log_in(jar, name).await;
    }
    site.login.revoke_sessions_of("wang").await.unwrap();
    assert_eq!(
        [
            site.who(&jars[0]).await,
            site.who(&jars[1]).await,
            site.who(&jars[2]).await
        ],
        ["anonymous", "anonymous", "li"]
    );
    site.login.revoke_all_sessions().await.unwrap();
    assert_eq!(site.who(&jars[2]).await, "anonymous");
}

#[tokio::test]
async fn cross_site_logout_is_rejected_and_the_session_stays() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "wang").await;
    let mut request = jar.request(Method::POST, "/auth/weika/logout");
    request
        .headers_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    let response = site.send(request).await;
    assert_eq!(response.parts.status, StatusCode::FORBIDDEN);
    assert!(!response.parts.headers.contains_key(SET_COOKIE));
    assert_eq!(site.who(&jar).await, "wang");
}

#[tokio::test]
async fn logout_leads_to_a_checked_target() {
    let (site, jar) = (Site::new(), Jar::default());
    for (target, expected) in [
        ("/bye?a=b%23c", "/bye?a=b"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ] {
        let response = site
            .send(jar.request(
                Method::POST,
                &format!("/auth/weika/logout?return_to={target}"),
            ))
            .await;
        assert!(response.location().starts_with(expected), "{target}");
    }
}

#[tokio::test]
async fn debug_output_of_layer_and_responses_contains_no_session_id() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "wang").await;
    let id = jar.0[0].1.clone();
    let refused = site.send(jar.get("/admin")).await;
    let text = format!(
        "{refused:?} {:?} {:?}",
        site.login,
        site.app().oneshot(jar.get("/")).await.unwrap()
    );
    assert!(!text.contains(&id));
}

#[test]
fn layer_is_ready_only_if_the_inner_service_is() {
    let (mock, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
    handle.allow(0);
    let mut service = tower_test::mock::Spawn::new(Site::new().login.layer(mock));
    assert_pending!(service.poll_ready::<Request<Body>>());
    handle.allow(1);
    assert!(service.poll_ready::<Request<Body>>().is_ready());
}

#[test]
fn session_may_be_idle_for_as_long_as_it_lives() {
    let hour = Duration::from_secs(3_600);
    let errors = |idle| {
        let builder = LoginLayer::builder(Site::new().provider)
            .public_url("https://campus.example")
            .session_timeouts(SessionTimeouts::new(idle, hour));
        builder
            .build()
            .map_or_else(|error| error.errors().len(), |_| 0)
    };
    assert_eq!((errors(hour), errors(Duration::ZERO)), (0, 1));
}

#[test]
fn all_configuration_errors_are_reported_at_once() {
    let error = LoginLayer::builder(Provider {
        name: "Bad Name",
        ..Site::new().provider
    })
    .public_url("http://campus.example/path")
    .return_origin("http://portal.example")
    .callback_path("no-slash")
    .logout_path("/auth//x")
    .default_target("//evil.example")
    .session_timeouts(SessionTimeouts::new(
        Duration::from_secs(10),
        Duration::from_secs(5),
    ))
    .secret(*b"short")
    .build()
    .unwrap_err();
    assert_eq!(error.errors().len(), 9, "{error}");
    assert!(!format!("{error} {error:?}").contains("short"), "{error}");
    let error = LoginLayer::builder(Site::new().provider)
        .public_url("https://u:hunter2@campus.example")
        .build()
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[test]
fn plain_http_is_for_loopback_development_only() {
    let build = |url: &str, development: bool| {
        let builder = LoginLayer::builder(Site::new().provider).public_url(url);
        let builder = if development {
            builder.loopback_development()
        } else {
            builder
        };
        builder
            .build()
            .map(drop)
            .map_err(|error| error.errors().to_vec())
    };
    assert!(build("https://campus.example", false).is_ok());
    assert!(build("https://campus.example:8443/", true).is_ok());
    assert!(build("http://127.0.0.1:3000", true).is_ok());
    assert!(build("http://localhost:3000", true).is_ok());
    assert!(build("http://[::1]:3000", true).is_ok());
    for (url, development) in [
        ("http://127.0.0.1:3000", false),
        ("http://campus.example", true),
        ("http://10.0.0.1", true),
    ] {
        assert!(
            matches!(
                build(url, development).unwrap_err()[..],
                [ConfigErrorKind::InsecureUrl { .. }]
            ),
            "{url}"
        );
    }
    for url in [
        "",
        "campus.example",
        "ftp://campus.example",
        "https://u:p@campus.example",
        "https://campus.example/?q",
    ] {
        assert!(
            matches!(
                build(url, false).unwrap_err()[..],
                [ConfigErrorKind::InvalidUrl { .. }]
            ),
            "{url}"
        );
    }
}
