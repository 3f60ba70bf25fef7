//! Browsers as a login layer in this process sees them.

use std::future::ready;
use std::{cell::RefCell, convert::Infallible};

use harness::turns::Run;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Layer, Service, service_fn};
use tower_weika::clock::Clock;
use tower_weika::guard::GuardLayer;
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;

use crate::machine::thread_time;

/// The return target of the logins.
pub(crate) const GUARDED: &str = "/campus/timetable?week=12";

/// A site in this process; all its pages are guarded.
pub(crate) struct Site {
    name: String,
    respond: Box<Respond>,
}

type Respond = dyn Fn(Vec<Request<()>>) -> Vec<Response<()>>;

impl Site {
    pub(crate) fn new<P: IdentityProvider>(provider: P, clock: Clock) -> Self {
        let name = provider.name().to_owned();
        let login = LoginLayer::builder(provider)
            .public_url("https://campus.example")
            .secret([7; 32])
            .clock(clock);
        let application =
            service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
        let site = GuardLayer::<P::Identity>::logged_in().layer(application);
        let site = RefCell::new(login.build().expect("valid settings").layer(site));
        let runtime = harness::runtime();
        let respond = move |requests: Vec<Request<()>>| {
            let mut site = site.borrow_mut();
            runtime.block_on(async move {
                let mut responses = Vec::with_capacity(requests.len());
                for request in requests {
                    responses.push(site.call(request).await.expect("infallible").map(drop));
                }
                responses
            })
        };
        Self {
            name,
            respond: Box::new(respond),
        }
    }

    /// Returns the responses to these requests, one after the other.
    pub(crate) fn respond(&self, requests: Vec<Request<()>>) -> Vec<Response<()>> {
        (self.respond)(requests)
    }

    pub(crate) fn login_path(&self) -> String {
        format!(
            "/auth/{}/login?return_to=%2Fcampus%2Ftimetable%3Fweek%3D12",
            self.name
        )
    }

    /// Builds a callback with this query.
    pub(crate) fn callback(&self, query: &str, cookie: Option<&str>) -> Request<()> {
        navigate(&format!("/auth/{}/callback?{query}", self.name), cookie)
    }

    /// Starts this many logins.
    pub(crate) fn start_logins(&self, logins: usize) -> Vec<StartedLogin> {
        let requests = vec![navigate(&self.login_path(), None); logins];
        self.respond(requests)
            .iter()
            .map(|response| StartedLogin::from(response.headers()))
            .collect()
    }

    /// Measures the processor time of the responses to requests that are built beforehand; the
    /// responses are checked afterwards.
    pub(crate) fn timed<'s>(
        &'s self,
        mut make: impl FnMut(usize) -> Vec<Request<()>> + 's,
        check: impl Fn(&Response<()>) + 's,
    ) -> Run<'s> {
        Box::new(move |operations| {
            let requests = make(usize::try_from(operations).expect("few"));
            let start = thread_time();
            let responses = self.respond(requests);
            let time = thread_time() - start;
            responses.iter().for_each(&check);
            time
        })
    }
}

/// The state of a browser at the provider's page.
#[derive(Clone)]
pub(crate) struct StartedLogin {
    pub(crate) state: String,
    /// The flow cookie.
    pub(crate) cookie: String,
}

impl From<&HeaderMap> for StartedLogin {
    fn from(response: &HeaderMap) -> Self {
        let query = response[LOCATION]
            .to_str()
            .expect("text")
            .split_once('?')
            .expect("a query")
            .1;
        let state = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("state="))
            .expect("a state");
        Self {
            state: state.to_owned(),
            cookie: cookie(response, "-flow-").expect("a flow cookie"),
        }
    }
}

/// Returns the cookie whose name contains `part`, as the browser sends it back.
pub(crate) fn cookie(response: &HeaderMap, part: &str) -> Option<String> {
    let cookies = response
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

/// Builds the request of a user who opens a page.
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
