//! No secret is in the log at any level, in `Debug`, in errors, or in the crate's responses.
//!
//! A separate test program, because one `tracing` subscriber serves the whole process. It captures
//! every target, span and field, including those that `reqwest` writes through the `log` crate.

mod members;
mod own_secret;
mod redis;
#[path = "../flows/site.rs"]
#[expect(dead_code, reason = "the flows use the rest of it")]
mod site;
#[path = "../flows/way.rs"]
#[expect(dead_code, reason = "the flows use the rest of it")]
mod way;
mod wechat;
use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use bytes::Bytes;
use http::header::{ACCEPT, COOKIE, SET_COOKIE};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_weika::client::weika::WeikaClient;
use tower_weika::guard::GuardLayer;
use tower_weika::identity::Manager;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::session::{Authenticated, SessionId};
use tower_weika::{AppSecret, AuthorizationCode, BoxError};
use tower_weika_sandbox::{Browser, Endpoint, Fault, Gate, Visit};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::prelude::*;

use self::site::{ANONYMOUS, ORIGIN, Server, soon};
use self::way::Weika;

type Site = site::Site<Weika>;

/// The card number of the sandbox's `wang`.
const CARD_NUMBER: &str = "T20180001";

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Capture;

impl io::Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        log().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Capture {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

fn log() -> MutexGuard<'static, Vec<u8>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Captures every event from now on, at every level.
fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let layer = layer()
            .with_writer(|| Capture)
            .with_ansi(false)
            .with_span_events(FmtSpan::FULL);
        tracing_subscriber::registry().with(layer).init();
    });
}

fn captured() -> String {
    String::from_utf8_lossy(&log()).into_owned()
}

/// The secrets of a test, each with its kind. They are collected from the browsers during the test.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn of(site: &Site) -> Self {
        let mut secrets = Self::default();
        secrets.add("app_secret", site.sandbox.app_secret());
        secrets.add("card number", CARD_NUMBER);
        secrets
    }

    fn add(&mut self, what: &'static str, secret: &str) {
        if secret.len() >= 8 && !self.0.iter().any(|(_, collected)| collected == secret) {
            self.0.push((what, secret.to_owned()));
        }
    }

    fn token(&mut self, client: &WeikaClient) {
        if let Some(token) = client.tokens().current() {
            self.add("access token", token.expose());
        }
    }

    fn url(&mut self, url: &str) {
        let (_, query) = url.split_once('?').unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "wxcode" => self.add("wxcode", &value),
                "code" => self.add("code", &value),
                "state" => self.add("state", &value),
                _ => {}
            }
        }
    }

    fn set_cookie(&mut self, cookie: &str) {
        let (name, rest) = cookie.split_once('=').unwrap_or_default();
        let what = if name.ends_with("-session") {
            "session id"
        } else {
            "flow cookie"
        };
        let (value, _) = rest.split_once(';').unwrap_or((rest, ""));
        // Also the parts of the value, such as the tag and the target.
        value
            .split('.')
            .chain([value])
            .for_each(|part| self.add(what, part));
    }

    fn visit(&mut self, visit: &Visit) {
        for hop in visit.hops() {
            self.url(&hop.url);
            hop.location.iter().for_each(|location| self.url(location));
            hop.set_cookies
                .iter()
                .for_each(|cookie| self.set_cookie(cookie));
        }
    }

    #[track_caller]
    fn assert_absent_from(&self, place: &str, text: &str) {
        for (what, secret) in &self.0 {
            if let Some(at) = text.find(secret.as_str()) {
                let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
                let line = text[line..].lines().next().unwrap_or_default();
                panic!("the {what} is in {place}: {line}");
            }
        }
    }

    #[track_caller]
    fn assert_not_logged(&self) {
        assert!(self.0.len() > 2, "the test has collected secrets");
        self.assert_absent_from("the log", &captured());
    }

    /// Checks the bodies and locations of the site. A redirect to the provider has to carry the
    /// state, and no other secret.
    #[track_caller]
    fn assert_not_in_responses(&self, visit: &Visit) {
        let others = Self(
            self.0
                .iter()
                .filter(|(what, _)| *what != "state")
                .cloned()
                .collect(),
        );
        others.assert_absent_from("a body of the site", &visit.text());
        for hop in visit
            .hops()
            .iter()
            .filter(|hop| hop.url.starts_with(ORIGIN))
        {
            others.assert_absent_from(
                "a location of the site",
                hop.location.as_deref().unwrap_or_default(),
            );
        }
    }
}

/// An error with all its sources, in `Display` and `Debug`.
fn shown(error: &(dyn StdError + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain
        .map(|error| format!("{error} {error:?} {error:#?}\n"))
        .collect()
}

async fn visit(site: &Site, browser: &Browser, secrets: &mut Secrets, url: &str) -> Visit {
    let visit = soon(browser.get(url)).await.expect("a response");
    secrets.visit(&visit);
    secrets.token(site.client());
    secrets.assert_not_in_responses(&visit);
    visit
}

#[test]
fn planted_secrets_are_found_in_every_kind_of_event() {
    capture();
    let mut planted = Secrets::default();
    planted.add("planted secret", "planted-0123456789");
    let found = |text: &str| {
        std::panic::catch_unwind(|| planted.assert_absent_from("a planted text", text)).is_err()
    };
    assert!(!found("nothing"));
    assert!(found("some planted-0123456789 text"));

    let numbered = |number: u8| format!("planted-{number}-abcdefgh");
    tracing::trace!(target: "any::target", secret = %numbered(1), "event field");
    tracing::trace!("message {}", numbered(2));
    tracing::trace_span!("span", secret = %numbered(3)).in_scope(|| ());
    tracing::debug!(error = ?io::Error::other(numbered(4)), "debug form");
    let late = tracing::trace_span!("late", secret = tracing::field::Empty);
    late.record("secret", numbered(5));
    drop(late.entered());
    for number in 1..=5 {
        assert!(
            captured().contains(&numbered(number)),
            "planted secret {number} is not found"
        );
    }
}

#[tokio::test]
async fn log_captures_this_crate_and_its_dependencies() {
    capture();
    let site = Site::start().await;
    site.log_in(&site.browser(), "wang").await;
    let captured = captured();
    for line in [
        "login: redirect to the provider",
        "logged in",
        "access token: fetched",
        "reqwest::connect",
        "hyper_util::client",
    ] {
        assert!(captured.contains(line), "{line} is not in the log");
    }
}

#[tokio::test]
async fn successful_login_has_no_secret_in_log_or_responses() {
    capture();
    let site = Site::start().await;
    let mut secrets = Secrets::of(&site);
    let browser = site.browser();
    // The return target carries a secret of the application.
    let target = format!("{ORIGIN}/admin/x?ticket=very-secret-ticket");
    assert_eq!(
        visit(&site, &browser, &mut secrets, &target).await.status(),
        200
    );
    // Repeated callbacks of a logged-in browser, a client that hangs up, and a logout.
    let state = site.begin(&browser, "/admin").await;
    let callback = site.callback("wang", &state);
    for _ in 0..3 {
        visit(&site, &browser, &mut secrets, &callback).await;
    }
    browser
        .get_and_hang_up(&callback, Duration::ZERO)
        .await
        .unwrap();
    let logout = browser
        .post(&format!("{ORIGIN}/auth/weika/logout"), "")
        .await
        .unwrap();
    secrets.assert_not_in_responses(&logout);
    assert_eq!(site.who(&browser).await, ANONYMOUS);
    site.login.revoke_all_sessions().await.unwrap();

    // Concurrent callbacks.
    let gate = Gate::new();
    site.sandbox
        .faults()
        .once(Endpoint::ManagerInfo, Fault::Held(gate.clone()));
    let state = site.begin(&browser, "/admin").await;
    let callback = site.callback("wang", &state);
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (browser, callback) = (browser.clone(), callback.clone());
            tokio::spawn(async move { browser.get(&callback).await })
        })
        .collect();
    site.server.callbacks_arrived(23).await;
    gate.open();
    for caller in callers {
        secrets.visit(&soon(caller).await.unwrap().unwrap());
    }

    for what in [
        "app_secret",
        "access token",
        "wxcode",
        "session id",
        "flow cookie",
        "state",
        "card number",
    ] {
        assert!(
            secrets.0.iter().any(|(collected, _)| *collected == what),
            "no {what} was found"
        );
    }
    secrets.add("return target", "very-secret-ticket");
    secrets.assert_not_logged();
}

#[tokio::test]
async fn upstream_failure_has_no_secret_in_log_or_responses() {
    capture();
    for endpoint in [Endpoint::AccessToken, Endpoint::ManagerInfo] {
        let faults = [
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::Hang,
            Fault::TruncatedBody,
            Fault::EmptyBody,
            Fault::HugeBody,
            Fault::BadGateway,
            Fault::TooManyRequests,
            Fault::Redirect("http://127.0.0.1:9/elsewhere".to_owned()),
            Fault::Errcode(json!(-1)),
            Fault::Errcode(json!("6001")),
            Fault::Errcode(json!(40_001)),
            Fault::Errcode(json!(40_008)),
            Fault::Errcode(json!("not a number")),
            Fault::NotLatest,
            Fault::ExpiresIn(Some(json!(-1))),
        ];
        let site = Site::start_with_timeout(Duration::from_secs(1)).await;
        let mut secrets = Secrets::of(&site);
        site.log_in(&site.browser(), "wang").await;
        secrets.token(site.client());
        for fault in faults
            .into_iter()
            .filter(|fault| fault.applies_to(endpoint))
        {
            if let Some(token) = site.client().tokens().current().map(|token| token.clone()) {
                site.client().tokens().invalidate(&token);
            }
            site.clock.advance(Duration::from_secs(60));
            site.sandbox.faults().always(endpoint, fault);
            visit(
                &site,
                &site.browser(),
                &mut secrets,
                &format!("{ORIGIN}/admin/x"),
            )
            .await;
            site.sandbox.faults().clear();
            // Past the callback-off after a failed token fetch.
            site.clock.advance(Duration::from_secs(60));
        }
        secrets.assert_not_logged();
    }
}

#[tokio::test]
async fn error_and_its_sources_show_no_secret() {
    capture();
    let site = Site::start_with_timeout(Duration::from_secs(1)).await;
    let mut secrets = Secrets::of(&site);
    drop(site.client().access_token().await.unwrap());
    secrets.token(site.client());
    let faults = [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Hang,
        Fault::TruncatedBody,
        Fault::EmptyBody,
        Fault::BadGateway,
        Fault::Redirect("http://127.0.0.1:9/elsewhere".to_owned()),
        Fault::NotLatest,
        Fault::Errcode(json!({ "odd": true })),
    ];
    for fault in faults {
        site.clock.advance(Duration::from_secs(60));
        site.sandbox
            .faults()
            .always(Endpoint::ManagerInfo, fault.clone());
        let code = site.sandbox.issue_wxcode("wang").unwrap();
        secrets.add("wxcode", &code);
        let error = site
            .client()
            .manager(AuthorizationCode::from(code))
            .await
            .unwrap_err();
        secrets.token(site.client());
        secrets.assert_absent_from("an error", &shown(&error));
        site.sandbox.faults().clear();
    }
    let foreign = site
        .client()
        .post_json(Some("https://evil.example/?very-secret"), "/x", &json!({}))
        .await
        .unwrap_err();
    secrets.add("foreign host", "very-secret");
    secrets.assert_absent_from("an error", &shown(&foreign));

    let mut site = site;
    let code = site.sandbox.issue_wxcode("wang").unwrap();
    secrets.add("wxcode", &code);
    let stopped = std::mem::replace(
        &mut site.sandbox,
        tower_weika_sandbox::Sandbox::start().await.unwrap(),
    );
    stopped.shutdown().await;
    let error = site
        .client()
        .manager(AuthorizationCode::from(code))
        .await
        .unwrap_err();
    secrets.assert_absent_from("an error", &shown(&error));
    secrets.assert_not_logged();
}

#[tokio::test]
async fn configuration_error_shows_no_secret() {
    capture();
    let mut secrets = Secrets::default();
    secrets.add("app_secret", "misconfigured secret");
    secrets.add("secret", "too-short-a-secret");
    secrets.add("password", "pass-w0rd-in-url");
    let client = WeikaClient::builder("a b", "misconfigured secret")
        .base_url("https://x:pass-w0rd-in-url@y/?q");
    secrets.assert_absent_from("a builder", &format!("{client:?}"));
    let error = client
        .allow_host("https://x:pass-w0rd-in-url@y/")
        .build()
        .unwrap_err();
    assert!(error.errors().len() >= 4);
    secrets.assert_absent_from("an error", &shown(&error));

    let provider = WeikaManagerProvider::builder("KEY", "misconfigured-secret")
        .build()
        .unwrap();
    let login = LoginLayer::builder(provider)
        .secret("too-short-a-secret")
        .public_url("https://x:pass-w0rd-in-url@y");
    secrets.assert_absent_from("a builder", &format!("{login:?}"));
    let error = login.build().unwrap_err();
    secrets.assert_absent_from("an error", &shown(&error));
    secrets.assert_not_logged();
}

#[tokio::test]
async fn invalid_callback_is_logged_without_its_values() {
    capture();
    let site = Site::start().await;
    let mut secrets = Secrets::of(&site);
    let browser = site.browser();
    let state = site.begin(&browser, "/admin").await;
    let callback = site.callback("wang", &state);
    secrets.url(&callback);
    let (_, query) = callback.split_once('?').unwrap();
    for cookie in browser.cookies() {
        secrets.set_cookie(&format!("{}={}", cookie.name, cookie.value));
    }
    secrets.add("parameter", "unknown-parameter-value");
    secrets.add("header", "invalid-header-value");
    let queries = [
        format!("{query}&state={state}"),
        format!("{query}https://i.maxthon.cn"),
        format!("{query}&wxcode=1"),
        format!("{query}&extra=unknown-parameter-value"),
        format!("state={state}"),
        "wxcode=unknown-parameter-value&state=unknown-parameter-value".to_owned(),
    ];
    let others = [site.browser(), browser.clone()];
    others[0]
        .plant_cookie(
            ORIGIN,
            "__Host-weika-session=odd-header-value; Path=/; Secure",
        )
        .unwrap();
    for query in queries {
        for browser in &others {
            let visit = browser
                .get(&format!("{ORIGIN}/auth/weika/callback?{query}"))
                .await
                .unwrap();
            secrets.visit(&visit);
        }
    }
    // Two different session cookies are logged, without their values.
    let two = [
        SessionId::random().unwrap().expose(),
        SessionId::random().unwrap().expose(),
    ];
    two.iter().for_each(|id| secrets.add("session id", id));
    let cookies = two
        .map(|id| format!("__Host-weika-session={id}"))
        .join("; ");
    let app = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
    });
    let request = Request::get("/")
        .header(COOKIE, cookies)
        .body(Full::default())
        .unwrap();
    drop(site.login.layer(app).oneshot(request).await.unwrap());
    assert!(captured().contains("several session cookies"));
    secrets.assert_not_logged();
}

#[tokio::test]
async fn public_types_show_no_secret_in_debug() {
    type Shown = Arc<Mutex<Vec<String>>>;

    async fn show(State(shown): State<Shown>, manager: Authenticated<Manager>) {
        let text = format!(
            "{manager:?} {:#?} {:?}",
            manager.session(),
            manager.identity()
        );
        shown.lock().expect("no panic before").push(text);
    }

    capture();
    let site = Site::start().await;
    let mut secrets = Secrets::of(&site);
    let shown = Shown::default();
    let app = Router::new()
        .route("/show", get(show))
        .with_state(Arc::clone(&shown))
        .layer(site.login.clone());
    let server = Server::start(app);
    let browser = site.browser().route(ORIGIN, server.address);
    assert_eq!(
        visit(&site, &browser, &mut secrets, &format!("{ORIGIN}/show"))
            .await
            .status(),
        200
    );

    let mut text = shown.lock().unwrap().join("\n");
    assert!(text.contains("王小明"), "the identity is shown");
    let code = site.sandbox.issue_wxcode("wang").unwrap();
    secrets.add("wxcode", &code);
    let token = site.client().access_token().await.unwrap();
    let issued = site.client().fetch_access_token().await.unwrap();
    secrets.add("access token", issued.token().expose());
    let provider = WeikaManagerProvider::new(site.client().clone());
    let application = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
    });
    let mut service = site
        .login
        .layer(GuardLayer::<Manager>::logged_in().layer(application));
    text += &format!(
        "{:#?} {:#?} {:#?} {:#?} {:#?} {:#?} {:#?} {:#?} {:#?} {:#?}",
        site.login,
        site.client(),
        site.client().tokens(),
        provider,
        AppSecret::new(site.sandbox.app_secret()),
        AuthorizationCode::from(code),
        token,
        issued,
        site.login.authenticate(),
        tower_weika::store::MemoryStore::<Manager>::new(),
    );

    // The crate's responses, with all their headers and extensions.
    let cookies = browser
        .cookies()
        .into_iter()
        .map(|cookie| format!("{}={}", cookie.name, cookie.value));
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let request = |target: &str| {
        let request = Request::get(target).header(ACCEPT, "text/html");
        request.body(Full::<Bytes>::default()).unwrap()
    };
    let rejected = service.clone().oneshot(request("/admin")).await.unwrap();
    let rejection = rejected
        .extensions()
        .get::<tower_weika::response::Rejection>()
        .unwrap();
    text += &format!("{rejection:#?}");
    let begun = service
        .clone()
        .oneshot(request("/auth/weika/login"))
        .await
        .unwrap();
    for response in [&rejected, &begun] {
        for cookie in response.headers().get_all(SET_COOKIE) {
            secrets.set_cookie(cookie.to_str().unwrap());
        }
    }
    let state = begun.headers()["location"].to_str().unwrap().to_owned();
    let flow = begun.headers()[SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let responses = format!("{rejected:?} {begun:?}");
    let (_, state) = state.rsplit_once("&state=").unwrap();
    let code = site.sandbox.issue_wxcode("wang").unwrap();
    secrets.add("wxcode", &code);
    let mut callback = request(&format!("/auth/weika/callback?wxcode={code}&state={state}"));
    callback
        .headers_mut()
        .insert(COOKIE, format!("{flow}; {cookies}").parse().unwrap());
    let future = service.ready().await.unwrap().call(callback);
    text += &format!("{service:?} {future:?}");
    let logged_in = future.await.unwrap();
    for cookie in logged_in.headers().get_all(SET_COOKIE) {
        secrets.set_cookie(cookie.to_str().unwrap());
    }
    assert!(logged_in.headers()[SET_COOKIE].is_sensitive());
    text += &format!("{logged_in:?}");
    let body = logged_in.into_body().collect().await.unwrap().to_bytes();
    assert!(body.is_empty());

    // The state is checked afterwards: the location of a redirect to Weika has to carry it.
    secrets.assert_absent_from("a response", &responses);
    secrets.add("state", state);
    secrets.assert_absent_from("Debug", &text);
    secrets.assert_not_logged();
}
