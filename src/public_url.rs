//! Public URLs of a site, and origins: how they are checked in every builder.

use url::Url;

use crate::client::is_loopback;
use crate::error::{ConfigErrorKind, shown_url};

/// The longest path of a public URL: with it, eight flow cookies still fit in their room.
const MAX_PREFIX_BYTES: usize = 64;

/// Returns the origin as browsers spell it.
pub(crate) fn check_origin(
    name: &'static str,
    text: &str,
    loopback_allowed: bool,
    errors: &mut Vec<ConfigErrorKind>,
) -> String {
    const EXPECTED: &str =
        "an origin like https://campus.example.edu.cn, without path, query or user";
    let is_bare = |url: &Url| url.path() == "/";
    check_url(name, text, EXPECTED, loopback_allowed, is_bare, errors).unwrap_or_default()
}

/// Returns the origin of a public URL as browsers spell it, and its path without a slash at the
/// end.
pub(crate) fn check_public_url(
    name: &'static str,
    text: &str,
    loopback_allowed: bool,
    errors: &mut Vec<ConfigErrorKind>,
) -> (String, String) {
    const EXPECTED: &str = "an origin like https://campus.example.edu.cn, with or without a plain path of at most \
                            64 bytes, and without query or user";
    // As it is written: the parser would resolve dot segments.
    let path = text
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|start| &rest[start..]))
        .map_or("", without_slash);
    let has_plain_path = |url: &Url| {
        without_slash(url.path()) == path
            && path.len() <= MAX_PREFIX_BYTES
            && (path.is_empty() || is_plain_path(path))
    };
    match check_url(
        name,
        text,
        EXPECTED,
        loopback_allowed,
        has_plain_path,
        errors,
    ) {
        Some(origin) => (origin, path.to_owned()),
        None => (String::new(), String::new()),
    }
}

fn check_url(
    name: &'static str,
    text: &str,
    expected: &'static str,
    loopback_allowed: bool,
    has_valid_path: impl FnOnce(&Url) -> bool,
    errors: &mut Vec<ConfigErrorKind>,
) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_bare = url.query().is_none() && url.fragment().is_none();
        let has_no_user = url.username().is_empty() && url.password().is_none();
        is_bare && has_no_user && url.has_host() && matches!(url.scheme(), "http" | "https")
    });
    let Some(url) = url.filter(has_valid_path) else {
        errors.push(ConfigErrorKind::InvalidUrl {
            name,
            value: shown_url(text),
            expected,
        });
        return None;
    };
    if url.scheme() == "http" && !(loopback_allowed && is_loopback(&url)) {
        let remedy = "plain http is for `loopback_development` on this machine only";
        errors.push(ConfigErrorKind::InsecureUrl {
            name,
            value: shown_url(text),
            remedy,
        });
    }
    Some(url.origin().ascii_serialization())
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// `/a/b`: a path that has one spelling only.
pub(crate) fn is_plain_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain);
    path.strip_prefix('/')
        .is_some_and(|segments| segments.split('/').all(is_segment))
}
