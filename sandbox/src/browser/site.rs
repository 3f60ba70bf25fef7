//! Sites and origins: which addresses belong together.

use std::net::IpAddr;

use url::{Host, Url};

/// Returns whether the host is this machine. Browsers treat it as trustworthy without TLS.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

/// Returns whether the origin is potentially trustworthy, so that `Sec-Fetch-*` are sent to it.
pub(crate) fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

/// Returns whether both are of one site: scheme and registrable domain, with any port.
pub(crate) fn same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && site(one) == site(other)
}

/// Returns the relation of a chain of addresses to the page that began it, as in `Sec-Fetch-Site`.
pub(crate) fn relation(initiator: &Url, chain: &[Url]) -> &'static str {
    let origin = initiator.origin();
    if chain.iter().any(|url| !same_site(initiator, url)) {
        "cross-site"
    } else if chain.iter().any(|url| url.origin() != origin) {
        "same-site"
    } else {
        "same-origin"
    }
}

/// Returns the registrable domain; the host itself if it has none.
fn site(url: &Url) -> String {
    let Some(Host::Domain(name)) = url.host() else {
        return url.host_str().unwrap_or_default().to_owned();
    };
    let labels: Vec<_> = name.split('.').collect();
    let kept = match labels.as_slice() {
        [.., second, top] if top.len() == 2 && SECOND_LEVEL.contains(second) => 3,
        _ => 2,
    };
    labels[labels.len().saturating_sub(kept)..].join(".")
}

/// Labels that are public suffixes together with the two letters of a country.
const SECOND_LEVEL: [&str; 8] = ["ac", "co", "com", "edu", "gov", "net", "org", "sch"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_scheme_and_registrable_domain() {
        for (one, other, expected) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:2", true),
            ("http://127.0.0.1:1", "http://localhost:1", false),
            ("https://a.campus.edu.cn", "https://b.campus.edu.cn", true),
            ("https://campus.edu.cn", "https://other.edu.cn", false),
            ("https://a.example.com", "https://example.com", true),
            ("https://a.example.com", "http://a.example.com", false),
        ] {
            let (one, other) = (Url::parse(one).unwrap(), Url::parse(other).unwrap());
            assert_eq!(same_site(&one, &other), expected, "{one} {other}");
        }
    }
}
