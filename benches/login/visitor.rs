//! Browsers, as far as a login layer sees them.

use std::convert::Infallible;
use std::future::{Ready, ready};

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service};
use tower_weika::clock::Clock;
use tower_weika::guard::GuardLayer;
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;

use crate::machine::thread_time;
use crate::turns::Run;

/// Where logins lead to.
pub(crate) const GUARDED: &str = "/campus/timetable?week=12";

/// A site that only those see who are logged in.
pub(crate) struct Site {
    name: String,
    runtime: Runtime,
    call: Box<Call>,
}

type Call = dyn Fn(&Runtime, Vec<Request<()>>) -> Vec<Response<()>>;

impl Site {
    pub(crate) fn new<P: IdentityProvider>(provider: P, clock: Clock) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let name = provider.name().to_owned();
        let login = LoginLayer::builder(provider)
            .public_url("https://campus.example")
            .secret([7; 32])
            .clock(clock);
        let application = tower::service_fn(application);
        let site = GuardLayer::<P::Identity>::logged_in().layer(application);
        let site = login.build().expect("valid settings").layer(site);
        let call = move |runtime: &Runtime, requests: Vec<Request<()>>| {
            let mut site = site.clone();
            runtime.block_on(async move {
                let mut answers = Vec::with_capacity(requests.len());
                for request in requests {
                    answers.push(site.call(request).await.expect("infallible").map(drop));
                }
                answers
            })
        };
        Self {
            name,
            runtime,
            call: Box::new(call),
        }
    }

    /// The answers to these requests, one after the other.
    pub(crate) fn answer(&self, requests: Vec<Request<()>>) -> Vec<Response<()>> {
        (self.call)(&self.runtime, requests)
    }

    pub(crate) fn login_path(&self) -> String {
        format!(
            "/auth/{}/login?return_to=%2Fcampus%2Ftimetable%3Fweek%3D12",
            self.name
        )
    }

    /// The path of a callback with this query.
    pub(crate) fn callback_path(&self, query: &str) -> String {
        format!("/auth/{}/callback?{query}", self.name)
    }

    /// Begins so many logins.
    pub(crate) fn begin(&self, logins: usize) -> Vec<Begun> {
        let requests = vec![navigate(&self.login_path(), None); logins];
        self.answer(requests)
            .iter()
            .map(|answer| Begun::from(answer.headers()))
            .collect()
    }
}

fn application(_: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    ready(Ok(Response::new(())))
}

/// What a browser has in its hands at the provider's page.
#[derive(Clone)]
pub(crate) struct Begun {
    pub(crate) state: String,
    /// The cookie of the flow.
    pub(crate) cookie: String,
}

impl From<&HeaderMap> for Begun {
    fn from(answer: &HeaderMap) -> Self {
        let location = answer[LOCATION].to_str().expect("text");
        let query = location.split_once('?').expect("a query").1;
        let state = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("state="))
            .expect("a state");
        let cookie = cookie(answer, "-flow-").expect("a cookie of the flow");
        Self {
            state: state.to_owned(),
            cookie,
        }
    }
}

/// The cookie, as the browser sends it back, whose name contains `part`.
pub(crate) fn cookie(answer: &HeaderMap, part: &str) -> Option<String> {
    let cookies = answer
        .get_all(SET_COOKIE)
        .into_iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    let mut found = cookies.filter(|cookie| {
        cookie
            .split('=')
            .next()
            .is_some_and(|name| name.contains(part))
    });
    found.next().map(str::to_owned)
}

/// A person opens a page.
pub(crate) fn navigate(target: &str, cookies: Option<&str>) -> Request<()> {
    let headers = [
        ("host", "campus.example"),
        (
            "user-agent",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
        ),
        (
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "zh-CN,zh;q=0.9"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("upgrade-insecure-requests", "1"),
    ];
    let request = headers
        .iter()
        .fold(Request::get(target), |request, (name, value)| {
            request.header(*name, *value)
        });
    let mut request = request.body(()).expect("a request");
    if let Some(cookies) = cookies {
        request.headers_mut().insert(
            COOKIE,
            HeaderValue::from_str(cookies).expect("a header value"),
        );
    }
    request
}

/// Measures the processor time of the answers to requests that are made beforehand, and checks the answers afterwards.
pub(crate) fn timed<'s>(
    site: &'s Site,
    mut make: impl FnMut(usize) -> Vec<Request<()>> + 's,
    check: impl Fn(&Response<()>) + 's,
) -> Run<'s> {
    Box::new(move |operations| {
        let requests = make(usize::try_from(operations).expect("few"));
        let start = thread_time();
        let answers = site.answer(requests);
        let time = thread_time() - start;
        answers.iter().for_each(&check);
        time
    })
}
