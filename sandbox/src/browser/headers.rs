//! Request headers as Chromium sends them.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use super::navigation::Navigation;
use super::site::{is_trustworthy, relation};

/// Returns the headers of the last request of `chain`, without `Host`, `Cookie` and
/// `Content-Length`.
pub(crate) fn of(
    navigation: &Navigation,
    chain: &[Url],
    user_agent: &str,
    languages: &str,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let form = navigation.method == Method::POST;
    insert(&mut headers, header::USER_AGENT, Some(user_agent));
    insert(
        &mut headers,
        header::ACCEPT,
        Some(if navigation.fetch { "*/*" } else { ACCEPT_PAGE }),
    );
    insert(&mut headers, header::ACCEPT_LANGUAGE, Some(languages));
    if !navigation.fetch {
        insert(&mut headers, header::UPGRADE_INSECURE_REQUESTS, Some("1"));
    }
    // `fetch` does not know the path of its page, so it sends no `Referer`.
    let referrer = navigation
        .initiator
        .as_ref()
        .filter(|_| !navigation.fetch)
        .and_then(|page| referrer(page, &navigation.url));
    insert(&mut headers, header::REFERER, referrer.as_deref());
    if form {
        insert(
            &mut headers,
            header::CONTENT_TYPE,
            Some("application/x-www-form-urlencoded"),
        );
        insert(
            &mut headers,
            header::ORIGIN,
            Some(&navigation.origin(chain)),
        );
    }
    if is_trustworthy(&navigation.url) {
        let (mode, destination) = if navigation.fetch {
            ("cors", "empty")
        } else {
            ("navigate", "document")
        };
        let site = navigation
            .initiator
            .as_ref()
            .map_or("none", |initiator| relation(initiator, chain));
        for (name, value) in [
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
            ("sec-fetch-dest", destination),
        ] {
            insert(&mut headers, HeaderName::from_static(name), Some(value));
        }
        if !navigation.fetch {
            insert(
                &mut headers,
                HeaderName::from_static("sec-fetch-user"),
                Some("?1"),
            );
        }
    }
    headers
}

/// Returns the `Referer` under the default policy `strict-origin-when-cross-origin` (Referrer
/// Policy §8.3).
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

const ACCEPT_PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

/// Inserts a header, unless the value cannot be one.
pub(crate) fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|it| HeaderValue::from_bytes(it.as_bytes()).ok()) {
        headers.insert(name, value);
    }
}
