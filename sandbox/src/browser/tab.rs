//! The browser itself: from an address to a visit.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::{Origin, Url};

use super::cookie::Cookie;
use super::jar::Jar;
use super::site::{is_loopback, is_trustworthy, relation};
use super::trip::Trip;
use super::visit::{Hop, Visit};
use super::wire::Outgoing;
use crate::clock::Clock;

/// A browser for tests: an honest cookie jar, redirects that are recorded, and Chromium's headers.
///
/// Clones share the cookies, like tabs; a [`stranger`](Self::stranger) has none. Settings are made before
/// the first clone. There is no time limit: use `tokio::time::timeout`.
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
    /// A desktop Chrome that prefers Chinese, with no cookies.
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings {
            user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                         Chrome/140.0.0.0 Safari/537.36"
                .to_owned(),
            accept_language: "zh-CN,zh;q=0.9,en;q=0.8".to_owned(),
            trust_loopback: false,
            max_redirects: 20,
            body_limit: 16 * 1024 * 1024,
            clock: Clock::default(),
            routes: HashMap::new(),
        };
        Self { jar: Arc::default(), settings: Arc::new(settings) }
    }

    /// The `User-Agent` header.
    #[must_use]
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        self.with(|it| it.user_agent = user_agent.into())
    }

    /// The `Accept-Language` header.
    #[must_use]
    pub fn accept_language(self, languages: impl Into<String>) -> Self {
        self.with(|it| it.accept_language = languages.into())
    }

    /// Whether plain http to this machine counts as secure for cookies, as in Chrome and Firefox.
    /// Default: no, as in Safari.
    #[must_use]
    pub fn trust_loopback(self, trust: bool) -> Self {
        self.with(|it| it.trust_loopback = trust)
    }

    /// How many redirects are followed before giving up. Default: 20, as in Chromium.
    #[must_use]
    pub fn max_redirects(self, redirects: usize) -> Self {
        self.with(|it| it.max_redirects = redirects)
    }

    /// How many bytes of a body are read before giving up. Default: 16 MiB.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|it| it.body_limit = bytes)
    }

    /// The clock by which cookies expire. Default: the system's.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|it| it.clock = Clock::new(now))
    }

    /// Requests to `origin`, such as `https://campus.example`, go to `address`, in the clear: as if there was
    /// a TLS terminator in front of it. To the browser the connection is as secure as the origin says.
    #[must_use]
    pub fn route(self, origin: &str, address: SocketAddr) -> Self {
        let origin = Url::parse(origin).map_or_else(|_| origin.to_owned(), |url| ascii(&url.origin()));
        self.with(|it| {
            it.routes.insert(origin, address);
        })
    }

    /// Somebody else with the same kind of browser, and none of the cookies.
    #[must_use]
    pub fn stranger(&self) -> Self {
        Self { jar: Arc::default(), settings: Arc::clone(&self.settings) }
    }

    /// Goes to `url` as if it was typed, and on to wherever that leads.
    ///
    /// # Errors
    ///
    /// When an address cannot be read or reached, an answer breaks off, or redirects do not end.
    pub async fn get(&self, url: &str) -> io::Result<Visit> {
        self.go(Trip::to(Method::GET, parse(url)?)).await
    }

    /// Goes to `url` as if it was typed, and stays there, also if the answer is a redirect.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_no_follow(&self, url: &str) -> io::Result<Visit> {
        self.go(Trip { follow: false, ..Trip::to(Method::GET, parse(url)?) }).await
    }

    /// Goes to `href` as if it was a link on the page at `from`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_from(&self, from: &str, href: &str) -> io::Result<Visit> {
        let from = parse(from)?;
        let url = from.join(href).map_err(invalid)?;
        self.go(Trip { initiator: Some(from), ..Trip::to(Method::GET, url) }).await
    }

    /// Clicks the first link of `page` whose tag contains `marker`, such as `data-person="wang"`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and when there is no such link.
    pub async fn click(&self, page: &Visit, marker: &str) -> io::Result<Visit> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("no link with {marker}"));
        let url = parse(&page.link(marker).ok_or_else(missing)?)?;
        self.go(Trip { initiator: Some(page.url.clone()), ..Trip::to(Method::GET, url) }).await
    }

    /// Submits a form of the same origin, and goes wherever that leads. `body` is
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
    pub async fn post_from(&self, from: &str, url: &str, body: impl Into<Bytes>) -> io::Result<Visit> {
        let initiator = Some(parse(from)?);
        self.go(Trip { initiator, body: body.into(), ..Trip::to(Method::POST, parse(url)?) }).await
    }

    /// What a script gets from `fetch(url)` on a page of the same origin. A redirect to another origin is
    /// not followed but returned.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn fetch(&self, url: &str) -> io::Result<Visit> {
        let url = parse(url)?;
        self.go(Trip { initiator: Some(url.clone()), fetch: true, ..Trip::to(Method::GET, url) }).await
    }

    /// Goes to `url` as if it was typed, and hangs up that long after the request was written, whatever comes
    /// back. Cookies of the answer are lost.
    ///
    /// # Errors
    ///
    /// When the address cannot be read or reached.
    pub async fn get_and_hang_up(&self, url: &str, after: Duration) -> io::Result<()> {
        let trip = Trip::to(Method::GET, parse(url)?);
        self.outgoing(&trip, std::slice::from_ref(&trip.url)).send_and_hang_up(after).await
    }

    /// The cookies that have not expired, oldest first.
    #[must_use]
    pub fn cookies(&self) -> Vec<Cookie> {
        self.jar().cookies(self.settings.clock.now())
    }

    /// Takes a `Set-Cookie` header as if it had come from `url`, under the same rules.
    ///
    /// # Errors
    ///
    /// When the address cannot be read.
    pub fn plant_cookie(&self, url: &str, set_cookie: &str) -> io::Result<()> {
        let url = parse(url)?;
        self.jar().set(set_cookie, &url, self.is_secure(&url), self.settings.clock.now());
        Ok(())
    }

    /// Forgets all cookies, as WeChat's browser is known to do.
    pub fn lose_cookies(&self) {
        self.jar().clear();
    }

    /// Whether cookies are neither taken nor sent from now on.
    pub fn refuse_cookies(&self, refuse: bool) {
        self.jar().refuses = refuse;
    }

    async fn go(&self, mut trip: Trip) -> io::Result<Visit> {
        let mut chain = vec![trip.url.clone()];
        let mut hops = Vec::new();
        loop {
            let outgoing = self.outgoing(&trip, &chain);
            let sent_cookies = outgoing.headers.get(header::COOKIE).map(|it| lossy(it.as_bytes()));
            let answer = outgoing.send(self.settings.body_limit).await?;
            let (parts, body) = answer.into_parts();
            let set_cookies: Vec<_> =
                parts.headers.get_all(header::SET_COOKIE).iter().map(|it| lossy(it.as_bytes())).collect();
            for set_cookie in &set_cookies {
                self.jar().set(set_cookie, &trip.url, self.is_secure(&trip.url), self.settings.clock.now());
            }
            let location = parts.headers.get(header::LOCATION).map(|it| lossy(it.as_bytes()));
            hops.push(Hop {
                method: trip.method.clone(),
                url: trip.url.to_string(),
                sent_cookies,
                status: parts.status,
                location: location.clone(),
                set_cookies,
            });
            let next = location.filter(|_| trip.follow && is_redirect(parts.status));
            let next = next.map(|it| trip.url.join(&it).map_err(invalid)).transpose()?;
            let next = next.filter(|url| !trip.fetch || url.origin() == trip.url.origin());
            let Some(next) = next else {
                return Ok(Visit {
                    hops,
                    url: trip.url,
                    status: parts.status,
                    headers: parts.headers,
                    body: body.into(),
                });
            };
            if hops.len() > self.settings.max_redirects {
                return Err(io::Error::other(format!("more than {} redirects", self.settings.max_redirects)));
            }
            trip.redirect(parts.status, next.clone());
            chain.push(next);
        }
    }

    fn outgoing<'a>(&self, trip: &'a Trip, chain: &[Url]) -> Outgoing<'a> {
        let now = self.settings.clock.now();
        let mut headers = self.headers(trip, chain);
        let cookies = self.jar().header(&trip.url, self.is_secure(&trip.url), trip.context(chain), now);
        insert(&mut headers, header::COOKIE, cookies.as_deref());
        let route = self.settings.routes.get(&ascii(&trip.url.origin())).copied();
        Outgoing { method: &trip.method, url: &trip.url, headers, body: trip.body.clone(), route }
    }

    fn headers(&self, trip: &Trip, chain: &[Url]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let form = trip.method == Method::POST;
        insert(&mut headers, header::USER_AGENT, Some(&self.settings.user_agent));
        insert(&mut headers, header::ACCEPT, Some(if trip.fetch { "*/*" } else { ACCEPT_PAGE }));
        insert(&mut headers, header::ACCEPT_LANGUAGE, Some(&self.settings.accept_language));
        if !trip.fetch {
            insert(&mut headers, header::UPGRADE_INSECURE_REQUESTS, Some("1"));
        }
        // A script names no page of its own here.
        let referrer = trip.initiator.as_ref().filter(|_| !trip.fetch).and_then(|page| referrer(page, &trip.url));
        insert(&mut headers, header::REFERER, referrer.as_deref());
        if form {
            insert(&mut headers, header::CONTENT_TYPE, Some("application/x-www-form-urlencoded"));
            insert(&mut headers, header::ORIGIN, Some(&trip.origin(chain)));
        }
        if is_trustworthy(&trip.url) {
            let (mode, destination) = if trip.fetch { ("cors", "empty") } else { ("navigate", "document") };
            let site = trip.initiator.as_ref().map_or("none", |initiator| relation(initiator, chain));
            for (name, value) in [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)] {
                insert(&mut headers, HeaderName::from_static(name), Some(value));
            }
            if !trip.fetch {
                insert(&mut headers, HeaderName::from_static("sec-fetch-user"), Some("?1"));
            }
        }
        headers
    }

    fn is_secure(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.settings.trust_loopback && is_loopback(url))
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The `Referer` under the default policy `strict-origin-when-cross-origin` (Referrer Policy §8.3).
fn referrer(page: &Url, target: &Url) -> Option<String> {
    let mut page = page.clone();
    page.set_fragment(None);
    if page.origin() != target.origin() {
        if page.scheme() == "https" && target.scheme() != "https" {
            return None;
        }
        page.set_path("/");
        page.set_query(None);
    }
    Some(page.into())
}

const ACCEPT_PAGE: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Leaves out what cannot be a header.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|it| HeaderValue::from_bytes(it.as_bytes()).ok()) {
        headers.insert(name, value);
    }
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
