//! Cookie, and the rules under which a browser stores it: RFC 6265, section 5.2, with the prefixes,
//! `SameSite` and the limits of RFC 6265bis.

use std::fmt;
use std::time::{Duration, SystemTime};

use url::{Host, Url};

use super::cookie_date;

/// Cookie in the jar. `Debug` does not show its value.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cookie {
    /// The name, as it was set.
    pub name: String,
    /// The value, as it was set.
    pub value: String,
    /// The host that set it, or the `Domain`.
    pub domain: String,
    /// Whether it is sent to that host only, and not to its subdomains.
    pub host_only: bool,
    /// The path below which it is sent.
    pub path: String,
    /// When it expires; `None` with the browser session.
    pub expires: Option<SystemTime>,
    /// Whether it needs a secure connection.
    pub secure: bool,
    /// Whether scripts cannot see it.
    pub http_only: bool,
    /// Whether it is sent with requests from other sites.
    pub same_site: SameSite,
}

/// The `SameSite` attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SameSite {
    /// Not with requests from another site.
    Strict,
    /// From another site only with top-level `GET` navigations. The default without the attribute.
    Lax,
    /// Always.
    None,
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .field("host_only", &self.host_only)
            .field("path", &self.path)
            .field("expires", &self.expires)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .finish_non_exhaustive()
    }
}

impl Cookie {
    /// Returns the cookie of a `Set-Cookie` header from `url`; `None` if a browser does not store
    /// it. `secure` tells whether the connection counts as secure.
    ///
    /// A pair without `=` or with an empty name is ignored (RFC 6265, section 5.2, steps 2 and 5).
    /// RFC 6265bis stores it as a nameless cookie, which a server cannot distinguish from a cookie
    /// of that name.
    pub(crate) fn parse(header: &str, url: &Url, secure: bool, now: SystemTime) -> Option<Self> {
        if header
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            return None;
        }
        let mut parts = header.split(';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (trim(name), trim(value));
        if name.is_empty() || name.len() + value.len() > MAX_PAIR {
            return None;
        }
        let attributes = Attributes::parse(parts, now);
        let host = url.host_str().unwrap_or_default();
        let (domain, host_only) = match &attributes.domain {
            None => (host.to_owned(), true),
            Some(domain) if domain == host => (domain.clone(), false),
            Some(domain) if may_set_for(url, domain) => (domain.clone(), false),
            Some(_) => return None,
        };
        let cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            domain,
            host_only: host_only || !matches!(url.host(), Some(Host::Domain(_))),
            path: attributes.path.clone().unwrap_or_else(|| default_path(url)),
            expires: attributes.max_age.or(attributes.expires),
            secure: attributes.secure,
            http_only: attributes.http_only,
            same_site: attributes.same_site.unwrap_or(SameSite::Lax),
        };
        let allowed = (!cookie.secure || secure)
            && (cookie.same_site != SameSite::None || cookie.secure)
            && cookie.keeps_its_prefix(&attributes);
        allowed.then_some(cookie)
    }

    /// Returns whether the cookie is sent to `url`, not regarding `SameSite`.
    pub(crate) fn goes_to(&self, url: &Url, secure: bool) -> bool {
        let host = url.host_str().unwrap_or_default();
        let in_domain = host == self.domain || (!self.host_only && is_below(host, &self.domain));
        in_domain && path_matches(url.path(), &self.path) && (secure || !self.secure)
    }

    fn keeps_its_prefix(&self, attributes: &Attributes) -> bool {
        let has = |prefix: &str| {
            let start = self.name.as_bytes().get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        let host_rule =
            self.secure && attributes.domain.is_none() && attributes.path.as_deref() == Some("/");
        (!has("__Host-") || host_rule) && (!has("__Secure-") || self.secure)
    }
}

/// Maximal length of name and value together.
const MAX_PAIR: usize = 4_096;

/// Maximal life of a cookie.
const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

#[derive(Default)]
struct Attributes {
    domain: Option<String>,
    path: Option<String>,
    max_age: Option<SystemTime>,
    expires: Option<SystemTime>,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
}

impl Attributes {
    /// The last of several equal attributes counts. An attribute that section 5.2 ignores (a date
    /// that fails, a `Max-Age` that is no number, an empty `Domain`) does not replace an earlier
    /// one.
    fn parse<'a>(parts: impl Iterator<Item = &'a str>, now: SystemTime) -> Self {
        let mut attributes = Self::default();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (trim(name).to_ascii_lowercase(), trim(value));
            if value.len() > 1_024 {
                continue;
            }
            match name.as_str() {
                "domain" if !value.is_empty() => {
                    let domain = value.strip_prefix('.').unwrap_or(value);
                    attributes.domain =
                        Some(domain.to_ascii_lowercase()).filter(|it| !it.is_empty());
                }
                "path" => attributes.path = Some(value.to_owned()).filter(|it| it.starts_with('/')),
                "max-age" => attributes.max_age = max_age(value, now).or(attributes.max_age),
                "expires" => {
                    let expires = cookie_date::parse(value).map(|it| it.min(now + MAX_AGE));
                    attributes.expires = expires.or(attributes.expires);
                }
                "secure" => attributes.secure = true,
                "httponly" => attributes.http_only = true,
                "samesite" => {
                    attributes.same_site = match value.to_ascii_lowercase().as_str() {
                        "strict" => Some(SameSite::Strict),
                        "none" => Some(SameSite::None),
                        _ => Some(SameSite::Lax),
                    }
                }
                _ => {}
            }
        }
        attributes
    }
}

fn max_age(value: &str, now: SystemTime) -> Option<SystemTime> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = if value.starts_with('-') {
        0
    } else {
        digits.parse().unwrap_or(u64::MAX)
    };
    if seconds == 0 {
        return Some(SystemTime::UNIX_EPOCH);
    }
    Some(now + Duration::from_secs(seconds).min(MAX_AGE))
}

/// Returns whether a host may set cookies for a parent domain. A single label is a public suffix.
fn may_set_for(url: &Url, domain: &str) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => domain.contains('.') && is_below(host, domain),
        _ => false,
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|start| start.ends_with('.'))
}

fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(last) => url.path()[..last].to_owned(),
    }
}

fn path_matches(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
