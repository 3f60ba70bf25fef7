use url::{Host, Url};

use crate::error::{ConfigErrorKind, shown_url};

/// Returns a URL that is an origin and nothing else, apart from a slash at its end.
pub(super) fn origin(text: &str) -> Option<Url> {
    plain(text).filter(|url| url.path() == "/")
}

/// Returns an http(s) URL without user, query and fragment.
fn plain(text: &str) -> Option<Url> {
    http_url(text).filter(|_| !text.contains(['@', '?', '#']))
}

/// Returns an http(s) URL without user.
pub(super) fn http_url(text: &str) -> Option<Url> {
    // The parser would drop or turn these, and the check would be of another text than the given
    // one.
    if text
        .bytes()
        .any(|byte| byte <= b' ' || byte == 0x7F || byte == b'\\')
    {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_valid = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    is_valid.then_some(url)
}

/// Returns a URL from the configuration: https, except for this machine or with `allow_http`.
pub(super) fn configured(
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

/// Returns whether a URL leads to this machine; such traffic crosses no network and needs no TLS.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // The names below it are for the loopback interface as well (RFC 6761 §6.3).
        Some(Host::Domain(domain)) => domain
            .strip_suffix("localhost")
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns host and port of a URL.
pub(in crate::client) fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    Some(format!(
        "{}:{}",
        url.host_str()?,
        url.port_or_known_default()?
    ))
}
