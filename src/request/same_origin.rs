use http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a page of `origin` sent the request, or a client that is not a browser.
///
/// `Origin` is `null` where a site forbids referrers (Fetch §3.2), so `Sec-Fetch-Site` decides
/// then. A client that sends neither is not a browser of today; the session cookie is `Lax` and
/// does not come with a form of another site anyway. No client sends one of the headers twice, so a
/// request that has one twice counts as foreign.
pub(crate) fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let (Ok(given), Ok(site)) = (single(headers, &ORIGIN), single(headers, &SEC_FETCH_SITE)) else {
        return false;
    };
    let site = site.map(|site| site == "same-origin");
    match given {
        Some(given) if given == "null" => site == Some(true),
        Some(given) => given == origin && site != Some(false),
        None => site != Some(false),
    }
}

/// The header is there several times.
struct Repeated;

fn single<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h HeaderValue>, Repeated> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (line, None) => Ok(line),
        (_, Some(_)) => Err(Repeated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_this_site_is_same_origin() {
        let cases = [
            (None, None, true),
            (Some("https://campus.example"), None, true),
            (Some("https://campus.example"), Some("same-origin"), true),
            (Some("null"), Some("same-origin"), true),
            (None, Some("same-origin"), true),
            (Some("null"), None, false),
            (Some("null"), Some("cross-site"), false),
            (Some("https://evil.example"), None, false),
            (Some("https://evil.example"), Some("same-origin"), false),
            (Some("http://campus.example"), None, false),
            (Some("https://campus.example:8443"), None, false),
            (Some("https://campus.example/"), None, false),
            (Some("https://CAMPUS.example"), None, false),
            (Some(""), None, false),
            (
                Some("https://campus.example, https://evil.example"),
                None,
                false,
            ),
            (Some("https://campus.example.evil.example"), None, false),
            (Some("https://campus.example"), Some("cross-site"), false),
            (Some("https://campus.example"), Some("same-site"), false),
            (None, Some("same-site"), false),
            (None, Some("none"), false),
            (None, Some("SAME-ORIGIN"), false),
        ];
        for (origin, site, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.extend(origin.map(|value| (ORIGIN, value.parse().unwrap())));
            headers.extend(site.map(|value| (SEC_FETCH_SITE, value.parse().unwrap())));
            assert_eq!(
                is_same_origin(&headers, "https://campus.example"),
                expected,
                "{origin:?} {site:?}"
            );
        }
    }

    #[test]
    fn repeated_header_is_foreign_in_either_order() {
        let (own, other) = ("https://campus.example", "https://evil.example");
        for (name, values) in [
            (ORIGIN, [own, other]),
            (ORIGIN, [other, own]),
            (ORIGIN, [own, own]),
            (ORIGIN, ["null", own]),
            (SEC_FETCH_SITE, ["same-origin", "cross-site"]),
            (SEC_FETCH_SITE, ["cross-site", "same-origin"]),
            (SEC_FETCH_SITE, ["same-origin", "same-origin"]),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(&name, HeaderValue::from_static(value));
            }
            assert!(!is_same_origin(&headers, own), "{name} {values:?}");
        }
    }
}
