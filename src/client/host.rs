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

use std::fmt;

use url::{Host, Url};

use crate::error::{Error, ErrorKind, Mistake};

/// Where an upstream system is: a URL without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BaseUrl(String);

impl BaseUrl {
    /// Checks a configured base URL. A path before the endpoints is fine. Plain http is accepted for this
    /// machine, and for others only with `allow_http`.
    pub(super) fn parse(name: &'static str, text: &str, allow_http: bool) -> Result<Self, Mistake> {
        let url = configured(
            name,
            text,
            allow_http,
            "an http(s) URL without user, query and fragment",
        )?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The URL of an endpoint; `path` begins with a slash.
    pub(super) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
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

    /// Adds `*.domain`, a host, `host:port`, or an origin with its scheme.
    pub(super) fn allow(
        &mut self,
        name: &'static str,
        pattern: &str,
        allow_http: bool,
    ) -> Result<(), Mistake> {
        const EXPECTED: &str = "a host, an origin, or *. and a domain";
        let mistake = || Mistake::Url {
            name,
            value: shown(pattern),
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
}

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
    // The parser would drop or turn these, and then we would judge another text than the one we were given.
    if text
        .bytes()
        .any(|byte| byte <= b' ' || byte == 0x7F || byte == b'\\')
    {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && !text.contains(['@', '?', '#'])
        && url.username().is_empty()
        && url.password().is_none();
    plain.then_some(url)
}

fn configured(
    name: &'static str,
    text: &str,
    allow_http: bool,
    expected: &'static str,
) -> Result<Url, Mistake> {
    let url = plain(text).ok_or_else(|| Mistake::Url {
        name,
        value: shown(text),
        expected,
    })?;
    if url.scheme() == "https" || allow_http || is_loopback(&url) {
        return Ok(url);
    }
    let remedy = "call allow_http() if the network between is trusted with the secrets";
    Err(Mistake::Insecure {
        name,
        value: shown(text),
        remedy,
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A configured URL as an error may show it: not if there could be a password in it.
fn shown(text: &str) -> String {
    if text.contains(['@', '?', '#']) {
        "[redacted]".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(patterns: &[&str]) -> HostAllowList {
        let base = BaseUrl::parse("base_url", "https://uni.weixiao.qq.com", false).unwrap();
        let mut list = HostAllowList::of(&base);
        for pattern in patterns {
            list.allow("allow_host", pattern, false).unwrap();
        }
        list
    }

    #[test]
    fn e8_listed_hosts_are_followed() {
        let list = list(&[
            "*.weixiao.qq.com",
            "*.wecard.qq.com",
            "card.school.edu.cn",
            "10.1.2.3:8443",
        ]);
        for (host, base) in [
            ("https://uni.weixiao.qq.com", "https://uni.weixiao.qq.com"),
            ("https://uni.weixiao.qq.com/", "https://uni.weixiao.qq.com"),
            (
                "https://UNI.weixiao.QQ.com:443",
                "https://uni.weixiao.qq.com",
            ),
            ("https://open.wecard.qq.com", "https://open.wecard.qq.com"),
            ("https://a.b.wecard.qq.com", "https://a.b.wecard.qq.com"),
            ("https://card.school.edu.cn", "https://card.school.edu.cn"),
            ("https://10.1.2.3:8443/", "https://10.1.2.3:8443"),
        ] {
            assert_eq!(
                list.check(host).unwrap(),
                BaseUrl(base.to_owned()),
                "{host}"
            );
        }
    }

    #[test]
    fn e8_everything_else_is_refused() {
        let list = list(&["*.weixiao.qq.com", "10.1.2.3:8443"]);
        for host in [
            "",
            "uni.weixiao.qq.com",
            "//uni.weixiao.qq.com",
            "http://uni.weixiao.qq.com",
            "ftp://uni.weixiao.qq.com",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://weixiao.qq.com",
            "https://.weixiao.qq.com",
            "https://evilweixiao.qq.com",
            "https://uni.weixiao.qq.com.evil.example",
            "https://uni.weixiao.qq.com.",
            "https://uni.weixiao.qq.com:8443",
            "https://uni.weixiao.qq.com@evil.example",
            "https://evil.example@uni.weixiao.qq.com",
            "https://@uni.weixiao.qq.com",
            "https://evil.example\\@uni.weixiao.qq.com",
            "https://evil.example\\.weixiao.qq.com",
            "https://evil.example#.weixiao.qq.com",
            "https://evil.example?.weixiao.qq.com",
            "https://evil.example/.weixiao.qq.com",
            "https://uni.weixiao.qq.com/path",
            "https://uni.weixiao.qq.com?a=b",
            "https://uni.weixiao.qq.com#a",
            "https://uni.weixiao.qq.com\n",
            " https://uni.weixiao.qq.com",
            "https://un\ti.weixiao.qq.com",
            "https://127.0.0.1",
            "https://localhost",
            "https://[::1]",
            "https://169.254.169.254",
            "https://192.168.0.1",
            "https://10.1.2.3",
            "https://10.1.2.4:8443",
            "http://10.1.2.3:8443",
            "https://0x7f000001",
            "https://2130706433",
        ] {
            let error = list.check(host).expect_err(host);
            assert_eq!(error.kind(), ErrorKind::ForbiddenHost);
        }
    }

    #[test]
    fn e8_http_is_followed_only_to_the_configured_origin() {
        let base = BaseUrl::parse("base_url", "http://127.0.0.1:4000", false).unwrap();
        let list = HostAllowList::of(&base);
        assert!(list.check("http://127.0.0.1:4000/").is_ok());
        assert!(list.check("http://127.0.0.1:4001").is_err());
        assert!(list.check("http://localhost:4000").is_err());
        assert!(list.check("https://127.0.0.1:4000").is_err());
    }

    #[test]
    fn patterns_that_allow_too_much_or_nothing_are_mistakes() {
        let mut list = list(&[]);
        for pattern in [
            "",
            "*",
            "*.",
            "*.com",
            "*.a.b:80",
            "a.*.b",
            "*.10.0.0.1",
            "*.*.qq.com",
            "https://a/b",
            "u:p@a",
        ] {
            assert!(
                list.allow("allow_host", pattern, false).is_err(),
                "{pattern}"
            );
        }
        let insecure = list.allow("allow_host", "http://a.example", false);
        assert!(matches!(insecure, Err(Mistake::Insecure { .. })));
        assert!(list.allow("allow_host", "http://a.example", true).is_ok());
        assert!(
            list.allow("allow_host", "http://127.0.0.1:9", false)
                .is_ok()
        );
    }

    #[test]
    fn a_base_url_is_https_or_this_machine_or_opted_in() {
        let parse = |text, allow| BaseUrl::parse("base_url", text, allow);
        assert_eq!(
            parse("https://uni.weixiao.qq.com/", false)
                .unwrap()
                .join("/a"),
            "https://uni.weixiao.qq.com/a"
        );
        assert_eq!(
            parse("https://a.example/weika/", false).unwrap().join("/a"),
            "https://a.example/weika/a"
        );
        assert!(parse("http://localhost:3000", false).is_ok());
        assert!(parse("http://[::1]:3000", false).is_ok());
        assert!(matches!(
            parse("http://a.example", false),
            Err(Mistake::Insecure { .. })
        ));
        assert!(parse("http://a.example", true).is_ok());
        for wrong in [
            "",
            "a.example",
            "ws://a.example",
            "https://",
            "https://a.example?x=1",
            "https://a.example#x",
        ] {
            assert!(
                matches!(parse(wrong, true), Err(Mistake::Url { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        let mistake =
            BaseUrl::parse("base_url", "https://user:s3cr3t@a.example", false).unwrap_err();
        assert!(!format!("{mistake} {mistake:?}").contains("s3cr3t"));
    }
}
