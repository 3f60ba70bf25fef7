//! Which addresses may be called: the configured base URL, and those named in answers that are on a list.
//!
//! Weika spreads schools over several platforms and names the address in its answers (`host`). Whoever can put
//! an address there would be sent the application's token, so it is followed only if
//!
//! 1. it is an origin and nothing else: no user, no path but `/`, no query, no fragment;
//! 2. it is https on port 443 and its host is on the list, exactly or below a `*.` entry; or the operator has
//!    configured exactly this scheme, host and port.
//!
//! An IP address, a private name, another port or plain http is therefore refused unless it was configured.
//!
//! Kesion names a link for a browser (`auth_url`). Whoever can put one there would choose where an administrator
//! goes, so the second condition holds for it too; path, query and fragment are its own.

use std::fmt;

use url::{Host, Url};

use crate::error::{ConfigErrorKind, Error, ErrorKind, shown_url};

#[cfg(test)]
mod tests;

/// Where an upstream system is: a URL without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// Checks a configured base URL. A path before the endpoints is fine. Plain http is accepted for this
    /// machine, and for others only with `allow_http`.
    pub(crate) fn parse(
        name: &'static str,
        text: &str,
        allow_http: bool,
    ) -> Result<Self, ConfigErrorKind> {
        let url = configured(
            name,
            text,
            allow_http,
            "an http(s) URL without user, query and fragment",
        )?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The URL of an endpoint; `path` begins with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The same for a path from outside this crate, which must be absolute and without query.
    pub(super) fn join_checked(&self, path: &str) -> Result<String, Error> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\');
        if path.starts_with('/') && path.bytes().all(plain) {
            Ok(self.join(path))
        } else {
            Err(Error::new(
                ErrorKind::ForbiddenHost,
                "the path of a call must be absolute, without query",
            ))
        }
    }
}

/// Host and port of a URL.
pub(super) fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    Some(format!(
        "{}:{}",
        url.host_str()?,
        url.port_or_known_default()?
    ))
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The addresses in answers that may be called (rule E8).
#[derive(Clone, Default, Debug)]
pub(super) struct HostAllowList(Vec<Entry>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Entry {
    /// Exactly this scheme, host and port.
    Origin(url::Origin),
    /// Any host below this domain, https, port 443.
    Below(String),
}

impl HostAllowList {
    /// The list with the origin of `base` and nothing else.
    pub(super) fn of(base: &BaseUrl) -> Self {
        Self(
            Url::parse(&base.0)
                .map(|url| Entry::Origin(url.origin()))
                .into_iter()
                .collect(),
        )
    }

    /// The list with the origin of `base`, if that could be read, and what the patterns name.
    pub(super) fn with<'p>(
        base: Option<&BaseUrl>,
        patterns: impl Iterator<Item = &'p str>,
        allow_http: bool,
        errors: &mut Vec<ConfigErrorKind>,
    ) -> Self {
        let mut list = base.map_or_else(Self::default, Self::of);
        for pattern in patterns {
            errors.extend(list.allow("allow_host", pattern, allow_http).err());
        }
        list
    }

    /// Adds `*.domain`, a host, `host:port`, or an origin with its scheme.
    pub(super) fn allow(
        &mut self,
        name: &'static str,
        pattern: &str,
        allow_http: bool,
    ) -> Result<(), ConfigErrorKind> {
        const EXPECTED: &str = "a host, an origin, or *. and a domain";
        let mistake = || ConfigErrorKind::InvalidUrl {
            name,
            value: shown_url(pattern),
            expected: EXPECTED,
        };
        let entry = if let Some(domain) = pattern.strip_prefix("*.") {
            let url = origin(&format!("https://{domain}")).ok_or_else(mistake)?;
            match url.host() {
                // `*.com` would be everybody.
                Some(Host::Domain(domain))
                    if domain.contains('.') && !domain.contains('*') && url.port().is_none() =>
                {
                    Entry::Below(format!(".{domain}"))
                }
                _ => return Err(mistake()),
            }
        } else {
            let text = if pattern.contains("://") {
                pattern.to_owned()
            } else {
                format!("https://{pattern}")
            };
            let url = configured(name, &text, allow_http, EXPECTED)?;
            if url.path() != "/" || url.host_str().is_some_and(|host| host.contains('*')) {
                return Err(mistake());
            }
            Entry::Origin(url.origin())
        };
        self.0.push(entry);
        Ok(())
    }

    /// The base URL that `text` names, if it may be called.
    pub(super) fn check(&self, text: &str) -> Result<BaseUrl, Error> {
        // The address is outside text: it stays out of the error.
        let refused = || {
            Error::new(
                ErrorKind::ForbiddenHost,
                "the address is not on the list of those that may be called",
            )
        };
        let url = origin(text).ok_or_else(refused)?;
        let allowed = self.0.iter().any(|entry| entry.matches(&url));
        if allowed {
            Ok(BaseUrl(url.origin().ascii_serialization()))
        } else {
            Err(refused())
        }
    }

    /// The link that `text` is, for a browser, if it leads to an address on the list: with any path, query and
    /// fragment, but without a user. As the parser that judged it writes it, so that no other one reads it otherwise.
    pub(super) fn check_link(&self, text: &str) -> Option<String> {
        // What is before an `@` is a user, even an empty one, which the parser would drop.
        let (_, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let url = http_url(text).filter(|_| !authority.is_empty() && !authority.contains('@'))?;
        let allowed = text.len() <= LONGEST_LINK && self.0.iter().any(|entry| entry.matches(&url));
        allowed.then(|| url.into())
    }
}

/// The longest link that is followed, in bytes; that of a return target.
const LONGEST_LINK: usize = 2048;

impl Entry {
    fn matches(&self, url: &Url) -> bool {
        match self {
            Self::Origin(origin) => *origin == url.origin(),
            Self::Below(domain) => {
                url.scheme() == "https"
                    && url.port().is_none()
                    && matches!(url.host(), Some(Host::Domain(host))
                        if host.strip_suffix(domain.as_str()).is_some_and(|label| !label.is_empty()))
            }
        }
    }
}

/// A URL that is an origin and nothing else, apart from a slash at its end.
fn origin(text: &str) -> Option<Url> {
    plain(text).filter(|url| url.path() == "/")
}

/// An http(s) URL without user, query and fragment.
fn plain(text: &str) -> Option<Url> {
    http_url(text).filter(|_| !text.contains(['@', '?', '#']))
}

/// An http(s) URL without user.
fn http_url(text: &str) -> Option<Url> {
    // The parser would drop or turn these, and then we would judge another text than the one we were given.
    if text
        .bytes()
        .any(|byte| byte <= b' ' || byte == 0x7F || byte == b'\\')
    {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let sound = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    sound.then_some(url)
}

fn configured(
    name: &'static str,
    text: &str,
    allow_http: bool,
    expected: &'static str,
) -> Result<Url, ConfigErrorKind> {
    let url = plain(text).ok_or_else(|| ConfigErrorKind::InvalidUrl {
        name,
        value: shown_url(text),
        expected,
    })?;
    if url.scheme() == "https" || allow_http || is_loopback(&url) {
        return Ok(url);
    }
    let remedy = "call allow_http() if the network between is trusted with the secrets";
    Err(ConfigErrorKind::InsecureUrl {
        name,
        value: shown_url(text),
        remedy,
    })
}

/// Whether a URL leads to this machine: what crosses no network needs no TLS.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
