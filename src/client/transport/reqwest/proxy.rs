//! Environment variables that name a proxy.

use std::env;
use std::ffi::OsString;

/// Returns the name of the environment variable for the proxy of this scheme, if it is set. Its value may contain a
/// password.
pub(super) fn variable(is_https: bool) -> Option<&'static str> {
    set_among(is_https, |name| env::var_os(name)).map(|(name, _)| name)
}

/// Returns the name of an environment variable that the HTTP client ignores because its value is not the URL of a
/// proxy.
pub(super) fn ignored_variable() -> Option<&'static str> {
    ignored_among(|name| env::var_os(name))
}

fn set_among(
    is_https: bool,
    value: impl Fn(&str) -> Option<OsString>,
) -> Option<(&'static str, OsString)> {
    let names: &[&str] = if is_https {
        &["HTTPS_PROXY", "https_proxy"]
    } else {
        &["HTTP_PROXY", "http_proxy"]
    };
    let names = names.iter().chain(&["ALL_PROXY", "all_proxy"]);
    let set =
        names.filter_map(|name| Some((*name, value(name).filter(|value| !value.is_empty())?)));
    set.into_iter().next()
}

fn ignored_among(value: impl Fn(&str) -> Option<OsString>) -> Option<&'static str> {
    let is_proxy = |value: &OsString| {
        let uri = value
            .to_str()
            .and_then(|value| value.parse::<http::Uri>().ok());
        uri.is_some_and(|uri| {
            uri.authority().is_some() && matches!(uri.scheme_str(), None | Some("http" | "https"))
        })
    };
    let set = [true, false]
        .into_iter()
        .filter_map(|is_https| set_among(is_https, &value));
    set.filter(|(_, value)| !is_proxy(value))
        .map(|(name, _)| name)
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_whose_value_is_not_a_proxy_url_is_named() {
        let ignored = |name: &'static str, value: &'static str| {
            ignored_among(move |asked| (asked == name).then(|| OsString::from(value)))
        };
        for value in [
            "http://proxy.example:3128",
            "http://user:pass@proxy.example:3128",
            "proxy.example:3128",
            "",
        ] {
            assert_eq!(ignored("HTTPS_PROXY", value), None, "{value}");
        }
        for value in [
            "http//proxy.example",
            "http:// proxy",
            "socks5://proxy.example:1080",
            "/proxy",
        ] {
            assert_eq!(
                ignored("https_proxy", value),
                Some("https_proxy"),
                "{value}"
            );
            assert_eq!(ignored("ALL_PROXY", value), Some("ALL_PROXY"), "{value}");
        }
    }
}
