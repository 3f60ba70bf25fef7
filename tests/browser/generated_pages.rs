//! Every kind of page that the crate generates, as the responses to requests that lead to it.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::routing::{MethodRouter, any, get};
use http::header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_weika::identity::Identity;
use tower_weika::login::{ClientKey, LoginLayer, Throttle};
use tower_weika::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use tower_weika::request::UserAgent;
use tower_weika::response::{Page, Pages, Rejection};
use tower_weika::{AuthorizationCode, Error, ErrorKind};
use url::Url;

const LOGIN: &str = "/auth/desk/login";
const CALLBACK: &str = "/auth/desk/callback";
const LOGOUT: &str = "/auth/desk/logout";

const WECHAT: &str = "MicroMessenger/8.0.59 Mobile";
/// Names the client whose rejected codes are limited.
const CLIENT: &str = "x-client";

const TOP_LEVEL: (&str, &str) = ("sec-fetch-dest", "document");
const FRAME: (&str, &str) = ("sec-fetch-dest", "iframe");
const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-origin");
const OTHER_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");

/// One page for each of these kinds of failed exchanges.
const FAILURES: [ErrorKind; 6] = [
    ErrorKind::Denied,
    ErrorKind::Internal,
    ErrorKind::Overloaded,
    ErrorKind::Fault,
    ErrorKind::Configuration,
    ErrorKind::Unresponsive,
];

pub(crate) struct GeneratedPage {
    /// The variant of `PageKind`.
    pub(crate) kind: String,
    response: Response<Bytes>,
}

/// Returns at least one page of each kind, in the language of these preferences.
pub(crate) async fn generated_pages(languages: &'static str) -> Vec<GeneratedPage> {
    let recorder = Pages::custom(|page: &Page| {
        let kind = format!("{:?}", page.kind());
        let name = kind.split('(').next().unwrap_or_default();
        Response::new(name.to_owned())
    });
    let pages = Pages::default()
        .site_name("示例大学图书馆")
        .contact("mailto:it@library.example.edu.cn");
    let kinds = Site::new(recorder, languages).responses().await;
    let site = Site::new(pages, languages);
    let responses = site.responses().await;
    // Its layer has no settings for pages, so that nothing records this kind.
    let login_required = GeneratedPage {
        kind: "LoginRequired".to_owned(),
        response: site.without_a_login().await,
    };
    kinds
        .into_iter()
        .zip(responses)
        .map(|(kind, response)| {
            assert_eq!(kind.status(), response.status(), "{kind:?}");
            let kind = String::from_utf8(kind.into_body().to_vec()).expect("a name");
            GeneratedPage { kind, response }
        })
        .chain([login_required])
        .collect()
}

/// Serves the pages on loopback until the runtime ends. Returns the URL of each with its kind.
pub(crate) async fn serve(pages: Vec<GeneratedPage>) -> Vec<(String, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut router = Router::new();
    let mut urls = Vec::new();
    for (number, GeneratedPage { kind, response }) in pages.into_iter().enumerate() {
        let path = format!("/{number}/{kind}");
        urls.push((format!("http://{address}{path}"), kind));
        let show = async move || response.map(Body::from);
        router = router.route(&path, get(show));
    }
    tokio::spawn(async move { axum::serve(listener, router).await });
    urls
}

#[derive(Debug)]
struct Visitor;

impl Identity for Visitor {
    fn subject(&self) -> &str {
        "visitor"
    }
}

/// Fails in the way that the code names.
#[derive(Clone)]
struct Desk;

impl IdentityProvider for Desk {
    type Identity = Visitor;

    fn name(&self) -> &str {
        "desk"
    }

    fn application(&self) -> &str {
        "test-application"
    }

    fn code_parameter(&self) -> &str {
        "code"
    }

    fn supports(&self, user_agent: UserAgent) -> bool {
        user_agent.is_wechat()
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        Ok(format!(
            "https://provider.example/authorize?state={}",
            request.state
        ))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        _: ExchangeContext<'_>,
    ) -> Result<Verified<Visitor>, Error> {
        let kinds = FAILURES.into_iter().chain([ErrorKind::InvalidCode]);
        let kind = kinds
            .into_iter()
            .find(|kind| kind.as_str() == code.expose());
        Err(match kind {
            Some(kind) => Error::new(kind, "as planned"),
            None => Error::denied("王伟：您不是本馆读者，请到服务台登记。"),
        })
    }
}

struct Site {
    login: LoginLayer<Desk>,
    languages: &'static str,
}

impl Site {
    fn new(pages: Pages, languages: &'static str) -> Self {
        let by_header = Throttle::by(|headers: &HeaderMap, _: &http::Extensions| {
            let name = headers.get(CLIENT)?;
            Some(ClientKey::new(name.as_bytes()))
        });
        let login = LoginLayer::builder(Desk)
            .public_url("https://campus.example")
            .pages(pages)
            .throttle(by_header.burst(1).refill(Duration::from_secs(3_600)))
            .build();
        Self {
            login: login.expect("a login layer"),
            languages,
        }
    }

    /// Sends requests that lead to one page each.
    async fn responses(&self) -> Vec<Response<Bytes>> {
        let mut pages = vec![
            self.get("/login", &[FRAME]).await,
            self.post("/login", &[TOP_LEVEL, SAME_SITE]).await,
            self.post("/login", &[TOP_LEVEL, OTHER_SITE]).await,
            self.post("/recent", &[TOP_LEVEL, SAME_SITE]).await,
            self.get("/forbidden", &[TOP_LEVEL]).await,
            self.post("/unbound", &[TOP_LEVEL, SAME_SITE]).await,
            self.get(CALLBACK, &[TOP_LEVEL]).await,
            self.call_back("", &[]).await,
            self.call_back("reason", &[]).await,
            self.lose_cookies().await,
            self.exceed_the_limit().await,
            self.post(LOGOUT, &[TOP_LEVEL, OTHER_SITE]).await,
            self.post(LOGIN, &[TOP_LEVEL, SAME_SITE]).await,
        ];
        for kind in FAILURES {
            pages.push(self.call_back(kind.as_str(), &[]).await);
        }
        let other_browser = self.request(Method::GET, LOGIN, &[TOP_LEVEL], "Mozilla/5.0");
        pages.push(send(self.router().layer(self.login.clone()), other_browser).await);
        pages
    }

    async fn without_a_login(&self) -> Response<Bytes> {
        let request = self.request(Method::GET, "/login", &[TOP_LEVEL], WECHAT);
        send(self.router().layer(self.login.authenticate()), request).await
    }

    async fn lose_cookies(&self) -> Response<Bytes> {
        let begun = self.get(LOGIN, &[TOP_LEVEL]).await;
        let restarted = self.get(&callback("code", &begun), &[TOP_LEVEL]).await;
        self.get(&callback("code", &restarted), &[TOP_LEVEL]).await
    }

    async fn exceed_the_limit(&self) -> Response<Bytes> {
        let rejected = ErrorKind::InvalidCode.as_str();
        let client = [(CLIENT, "1")];
        let first = self.call_back(rejected, &client).await;
        assert_eq!(first.status(), StatusCode::SEE_OTHER, "a new login begins");
        self.call_back(rejected, &client).await
    }

    /// Begins a login, and returns from the provider with this code.
    async fn call_back(&self, code: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        let begun = self.get(LOGIN, &[TOP_LEVEL]).await;
        let cookies = begun.headers().get_all(SET_COOKIE).iter();
        let cookies: Vec<_> = cookies
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .collect();
        let cookies = cookies.join("; ");
        let cookies = [(COOKIE.as_str(), cookies.as_str())];
        let headers = [&[TOP_LEVEL], headers, &cookies].concat();
        self.get(&callback(code, &begun), &headers).await
    }

    async fn get(&self, target: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        let request = self.request(Method::GET, target, headers, WECHAT);
        send(self.router().layer(self.login.clone()), request).await
    }

    async fn post(&self, target: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        let request = self.request(Method::POST, target, headers, WECHAT);
        send(self.router().layer(self.login.clone()), request).await
    }

    /// A navigation.
    fn request(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        user_agent: &str,
    ) -> Request<Body> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(ACCEPT_LANGUAGE, self.languages)
            .header(USER_AGENT, user_agent)
            .header("sec-fetch-mode", "navigate");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(Body::empty()).expect("a request")
    }

    /// An application that rejects every request.
    fn router(&self) -> Router {
        Router::new()
            .route("/login", rejected(Rejection::login_required::<Visitor>))
            .route(
                "/recent",
                rejected(Rejection::recent_login_required::<Visitor>),
            )
            .route("/forbidden", rejected(Rejection::forbidden::<Visitor>))
            .route(
                "/unbound",
                rejected(|method, headers| Rejection::unbound::<Visitor>("/bind", method, headers)),
            )
    }
}

fn rejected(reject: fn(&Method, &HeaderMap) -> Rejection) -> MethodRouter {
    any(async move |method: Method, headers: HeaderMap| reject(&method, &headers))
}

/// The callback URL with this code and the state of a login that has begun.
fn callback(code: &str, begun: &Response<Bytes>) -> String {
    let location = begun.headers().get(LOCATION).expect("a redirect");
    let location = Url::parse(location.to_str().expect("text")).expect("a URL");
    let (_, state) = location.query_pairs().next().expect("a state");
    format!("{CALLBACK}?code={code}&state={state}")
}

async fn send(service: Router, request: Request<Body>) -> Response<Bytes> {
    let response = service.oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    Response::from_parts(parts, body)
}

/// A kind that is added to the crate, and not above, is a failure.
#[tokio::test]
async fn every_kind_of_page_is_generated_in_both_languages() {
    let source = include_str!("../../src/response/page_kind.rs");
    let (_, variants) = source.split_once("pub enum PageKind {").expect("the enum");
    let (variants, _) = variants.split_once("\n}").expect("its end");
    let expected: BTreeSet<&str> = variants
        .lines()
        .map(|line| line.trim_start())
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| line.split([',', '(', ' ']).next().unwrap_or_default())
        .collect();
    assert!(expected.len() >= 20, "{expected:?}");
    for (languages, tag) in [("zh-CN,zh", "zh-CN"), ("en-US,en", "en")] {
        let pages = generated_pages(languages).await;
        let found: BTreeSet<&str> = pages.iter().map(|page| &*page.kind).collect();
        assert_eq!(found, expected);
        for GeneratedPage { kind, response } in &pages {
            let body = String::from_utf8_lossy(response.body());
            let start = format!("<!doctype html><html lang=\"{tag}\">");
            assert!(body.starts_with(&start), "{kind}: {body}");
            let is_login_required = ["查看此页面需要先登录", "You need to log in to see"]
                .into_iter()
                .any(|text| body.contains(text));
            assert_eq!(is_login_required, kind == "LoginRequired", "{body}");
        }
    }
}
