//! Cookie parsing only, with the usual crates. No session is looked up.

use std::convert::Infallible;

use cookie::{Cookie, CookieJar};
use harness::Candidate;
use harness::candidate::served;
use http::Request;
use http::header::COOKIE;
use tower::{Layer, service_fn};
use tower_cookies::{CookieManagerLayer, Cookies};

use super::any_users;

/// The length of the expected cookie.
const LENGTH: usize = 22;

pub(super) fn jar() -> Candidate {
    let service = service_fn(async |request: Request<()>| {
        let mut jar = CookieJar::new();
        if let Some(cookies) = request
            .headers()
            .get(COOKIE)
            .and_then(|cookies| cookies.to_str().ok())
        {
            for cookie in Cookie::split_parse_encoded(cookies.to_owned()).flatten() {
                jar.add_original(cookie);
            }
        }
        let is_found = jar
            .get("id")
            .is_some_and(|cookie| cookie.value().len() == LENGTH);
        Ok::<_, Infallible>(served(request, is_found))
    });
    Candidate::new("cookie::CookieJar", service, &any_users(), true)
}

pub(super) fn tower_cookies() -> Candidate {
    let inner = service_fn(async |request: Request<()>| {
        let cookies = request.extensions().get::<Cookies>();
        let is_found = cookies
            .and_then(|cookies| cookies.get("id"))
            .is_some_and(|id| id.value().len() == LENGTH);
        Ok::<_, Infallible>(served(request, is_found))
    });
    Candidate::new(
        "tower-cookies",
        CookieManagerLayer::new().layer(inner),
        &any_users(),
        true,
    )
}
