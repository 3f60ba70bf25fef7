//! The browser: from an address to a [`Visit`].

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, StatusCode, header};
use url::{Origin, Url};

use super::connection::OutgoingRequest;
use super::cookie::Cookie;
use super::cookie_jar::Jar;
use super::headers;
use super::navigation::Navigation;
use super::site::is_loopback;
use super::visit::{Hop, Visit};
use crate::clock::Clock;
use crate::lock::lock;

/// Browser for tests, with a cookie jar, recorded redirects and Chromium's headers.
///
/// Clones share the cookies, like tabs; a browser [`without_cookies`](Self::without_cookies) does
/// not. Make the settings before the first clone. There is no time limit: use
/// `tokio::time::timeout`.
///
/// ```
/// use tower_weika_sandbox::{Browser, Sandbox};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let sandbox = Sandbox::start().await?;
/// let (base, key) = (sandbox.base_url(), sandbox.app_key());
/// let login = format!("{base}/open/auth/manager-connect?app_key={key}&redirect_uri={base}/back&state=S");
///
/// let browser = Browser::new().trust_loopback(true).accept_language("en");
/// let page = browser.get(&login).await?;
/// let back = browser.click(&page, "data-person=\"wang\"").await?;
/// assert_eq!(back.hops()[0].status, 302);
/// assert_eq!(back.path(), "/back");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Browser {
    jar: Arc<Mutex<Jar>>,
    settings: Arc<Settings>,
}

#[derive(Clone, Debug)]
struct Settings {
    user_agent: String,
    accept_language: String,
    trust_loopback: bool,
    max_redirects: usize,
    body_limit: usize,
    clock: Clock,
    routes: HashMap<String, SocketAddr>,
}

impl Browser {
    /// Returns a desktop Chrome that prefers Chinese, without cookies.
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings {
            user_agent:
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                         Chrome/140.0.0.0 Safari/537.36"
                    .to_owned(),
            accept_language: "zh-CN,zh;q=0.9,en;q=0.8".to_owned(),
            trust_loopback: false,
            max_redirects: 20,
            body_limit: 16 * 1024 * 1024,
            clock: Clock::default(),
            routes: HashMap::new(),
        };
        Self {
            jar: Arc::default(),
            settings: Arc::new(settings),
        }
    }

    /// Sets the `User-Agent` header.
    #[must_use]
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        self.with(|it| it.user_agent = user_agent.into())
    }

    /// Sets the `Accept-Language` header.
    #[must_use]
    pub fn accept_language(self, languages: impl Into<String>) -> Self {
        self.with(|it| it.accept_language = languages.into())
    }

    /// Sets whether plain http to this machine counts as secure for cookies, as in Chrome and
    /// Firefox. Default: no, as in Safari.
    #[must_use]
    pub fn trust_loopback(self, trust: bool) -> Self {
        self.with(|it| it.trust_loopback = trust)
    }

    /// Sets the maximal number of redirects. Default: 20, as in Chromium.
    #[must_use]
    pub fn max_redirects(self, redirects: usize) -> Self {
        self.with(|it| it.max_redirects = redirects)
    }

    /// Sets the maximal length of a body. Default: 16 MiB.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|it| it.body_limit = bytes)
    }

    /// Sets the clock by which cookies expire. Default: [`SystemTime::now`].
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|it| it.clock = Clock::new(now))
    }

    /// Sends requests to `origin`, such as `https://campus.example`, to `address` without TLS, as
    /// if a TLS terminator was in front of it. For the browser the connection is as secure as the
    /// scheme of the origin.
    #[must_use]
    pub fn route(self, origin: &str, address: SocketAddr) -> Self {
        let origin =
            Url::parse(origin).map_or_else(|_| origin.to_owned(), |url| ascii(&url.origin()));
        self.with(|it| {
            it.routes.insert(origin, address);
        })
    }

    /// Returns a browser with the same settings and an empty cookie jar.
    #[must_use]
    pub fn without_cookies(&self) -> Self {
        Self {
            jar: Arc::default(),
            settings: Arc::clone(&self.settings),
        }
    }

    /// Navigates to `url` as if it was typed, and follows redirects.
    ///
    /// # Errors
    ///
    /// When an address is invalid or cannot be reached, a response breaks off, or there are too
    /// many redirects.
    pub async fn get(&self, url: &str) -> io::Result<Visit> {
        self.go(Navigation::to(Method::GET, parse(url)?)).await
    }

    /// Navigates to `url` as if it was typed, and does not follow a redirect.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_no_follow(&self, url: &str) -> io::Result<Visit> {
        self.go(Navigation {
            follow: false,
            ..Navigation::to(Method::GET, parse(url)?)
        })
        .await
    }

    /// Navigates to `href` as if it was a link on the page at `from`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_from(&self, from: &str, href: &str) -> io::Result<Visit> {
        let from = parse(from)?;
        let url = from.join(href).map_err(invalid)?;
        self.go(Navigation {
            initiator: Some(from),
            ..Navigation::to(Method::GET, url)
        })
        .await
    }

    /// Clicks the first link of `page` whose tag contains `marker`, such as `data-person="wang"`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and when there is no such link.
    pub async fn click(&self, page: &Visit, marker: &str) -> io::Result<Visit> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("no link with {marker}"));
        let url = parse(&page.link(marker).ok_or_else(missing)?)?;
        self.go(Navigation {
            initiator: Some(page.url.clone()),
            ..Navigation::to(Method::GET, url)
        })
        .await
    }

    /// Submits a form of the same origin, and follows redirects. `body` is
    /// `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn post(&self, url: &str, body: impl Into<Bytes>) -> io::Result<Visit> {
        self.post_from(url, url, body).await
    }

    /// Submits a form of the page at `from`, which may be on another site.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn post_from(
        &self,
        from: &str,
        url: &str,
        body: impl Into<Bytes>,
    ) -> io::Result<Visit> {
        let initiator = Some(parse(from)?);
        self.go(Navigation {
            initiator,
            body: body.into(),
            ..Navigation::to(Method::POST, parse(url)?)
        })
        .await
    }

    /// Returns the response that a script gets from `fetch(url)` on a page of the same origin. A
    /// redirect to another origin is not followed but returned.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn fetch(&self, url: &str) -> io::Result<Visit> {
        let url = parse(url)?;
        self.go(Navigation {
            initiator: Some(url.clone()),
            fetch: true,
            ..Navigation::to(Method::GET, url)
        })
        .await
    }

    /// Navigates to `url` as if it was typed, and closes the connection that long after the request
    /// was written. The response is not read, so its cookies are lost.
    ///
    /// # Errors
    ///
    /// When the address is invalid or cannot be reached.
    pub async fn get_and_hang_up(&self, url: &str, after: Duration) -> io::Result<()> {
        let navigation = Navigation::to(Method::GET, parse(url)?);
        self.outgoing(&navigation, std::slice::from_ref(&navigation.url))
            .send_and_hang_up(after)
            .await
    }

    /// Returns the cookies that have not expired, oldest first.
    #[must_use]
    pub fn cookies(&self) -> Vec<Cookie> {
        self.jar().cookies(self.settings.clock.now())
    }

    /// Stores the cookie of a `Set-Cookie` header as if it was received from `url`, under the same
    /// rules.
    ///
    /// # Errors
    ///
    /// When the address is invalid.
    pub fn plant_cookie(&self, url: &str, set_cookie: &str) -> io::Result<()> {
        let url = parse(url)?;
        self.jar().set(
            set_cookie,
            &url,
            self.is_secure(&url),
            self.settings.clock.now(),
        );
        Ok(())
    }

    /// Removes all cookies, as WeChat's browser is known to do.
    pub fn lose_cookies(&self) {
        self.jar().clear();
    }

    /// Sets whether cookies are neither stored nor sent.
    pub fn refuse_cookies(&self, refuse: bool) {
        self.jar().refuses = refuse;
    }

    async fn go(&self, mut navigation: Navigation) -> io::Result<Visit> {
        let mut chain = vec![navigation.url.clone()];
        let mut hops = Vec::new();
        loop {
            let outgoing = self.outgoing(&navigation, &chain);
            let sent_cookies = outgoing
                .headers
                .get(header::COOKIE)
                .map(|it| lossy(it.as_bytes()));
            let response = outgoing.send(self.settings.body_limit).await?;
            let (parts, body) = response.into_parts();
            let set_cookies: Vec<_> = parts
                .headers
                .get_all(header::SET_COOKIE)
                .iter()
                .map(|it| lossy(it.as_bytes()))
                .collect();
            for set_cookie in &set_cookies {
                self.jar().set(
                    set_cookie,
                    &navigation.url,
                    self.is_secure(&navigation.url),
                    self.settings.clock.now(),
                );
            }
            let location = parts
                .headers
                .get(header::LOCATION)
                .map(|it| lossy(it.as_bytes()));
            hops.push(Hop {
                method: navigation.method.clone(),
                url: navigation.url.to_string(),
                sent_cookies,
                status: parts.status,
                location: location.clone(),
                set_cookies,
            });
            let next = location.filter(|_| navigation.follow && is_redirect(parts.status));
            let next = next
                .map(|it| navigation.url.join(&it).map_err(invalid))
                .transpose()?;
            let next =
                next.filter(|url| !navigation.fetch || url.origin() == navigation.url.origin());
            let Some(next) = next else {
                return Ok(Visit {
                    hops,
                    url: navigation.url,
                    status: parts.status,
                    headers: parts.headers,
                    body: body.into(),
                });
            };
            if hops.len() > self.settings.max_redirects {
                return Err(io::Error::other(format!(
                    "more than {} redirects",
                    self.settings.max_redirects
                )));
            }
            navigation.redirect(parts.status, next.clone());
            chain.push(next);
        }
    }

    fn outgoing<'a>(&self, navigation: &'a Navigation, chain: &[Url]) -> OutgoingRequest<'a> {
        let now = self.settings.clock.now();
        let Settings {
            user_agent,
            accept_language,
            ..
        } = &*self.settings;
        let mut headers = headers::of(navigation, chain, user_agent, accept_language);
        let cookies = self.jar().header(
            &navigation.url,
            self.is_secure(&navigation.url),
            navigation.context(chain),
            now,
        );
        headers::insert(&mut headers, header::COOKIE, cookies.as_deref());
        let route = self
            .settings
            .routes
            .get(&ascii(&navigation.url.origin()))
            .copied();
        OutgoingRequest {
            method: &navigation.method,
            url: &navigation.url,
            headers,
            body: navigation.body.clone(),
            route,
        }
    }

    fn is_secure(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.settings.trust_loopback && is_loopback(url))
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        lock(&self.jar)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn parse(url: &str) -> io::Result<Url> {
    Url::parse(url).map_err(invalid)
}

fn invalid(error: url::ParseError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

fn ascii(origin: &Origin) -> String {
    origin.ascii_serialization()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
