//! Same-origin check for the forms of this site (CSRF protection).

use axum::extract::FromRequestParts;
use axum::http::header::{HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use crate::site::Site;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The request comes from a page of this site. In addition the session cookie is `SameSite=Lax`, so
/// browsers do not send it with a form of another site.
pub(crate) struct SameOrigin;

impl FromRequestParts<Site> for SameOrigin {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        if is_same_origin(&parts.headers, &site.origin) {
            Ok(Self)
        } else {
            Err((
                StatusCode::FORBIDDEN,
                "请从本站页面提交。 Please submit the form from this site.",
            ))
        }
    }
}

/// `Origin` is `null` where a proxy or a policy forbids referrers; then `Sec-Fetch-Site` decides. A
/// client that sends neither is not a current browser.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let site = headers
        .get(SEC_FETCH_SITE)
        .map(|site| site == "same-origin");
    match headers.get(ORIGIN) {
        Some(given) if given == "null" => site == Some(true),
        Some(given) => given == origin && site != Some(false),
        None => site != Some(false),
    }
}
