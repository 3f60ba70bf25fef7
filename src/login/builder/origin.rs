use url::Url;

use crate::client::is_loopback;
use crate::error::{ConfigErrorKind, shown_url};

/// Returns the origin as browsers spell it.
pub(crate) fn check_origin(
    name: &'static str,
    text: &str,
    loopback_allowed: bool,
    errors: &mut Vec<ConfigErrorKind>,
) -> String {
    const EXPECTED: &str =
        "an origin like https://campus.example.edu.cn, without path, query or user";
    let url = Url::parse(text).ok().filter(|url| {
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let has_no_user = url.username().is_empty() && url.password().is_none();
        is_bare && has_no_user && url.has_host() && matches!(url.scheme(), "http" | "https")
    });
    let Some(url) = url else {
        errors.push(ConfigErrorKind::InvalidUrl {
            name,
            value: shown_url(text),
            expected: EXPECTED,
        });
        return String::new();
    };
    if url.scheme() == "http" && !(loopback_allowed && is_loopback(&url)) {
        let remedy = "plain http is for `loopback_development` on this machine only";
        errors.push(ConfigErrorKind::InsecureUrl {
            name,
            value: shown_url(text),
            remedy,
        });
    }
    url.origin().ascii_serialization()
}
