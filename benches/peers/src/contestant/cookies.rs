//! Only the cookies, read with what is usual. Nobody is looked up.

use std::convert::Infallible;

use cookie::{Cookie, CookieJar};
use http::Request;
use http::header::COOKIE;
use tower::{Layer, service_fn};
use tower_cookies::{CookieManagerLayer, Cookies};

use super::{Contender, nobody};
use crate::support::{Candidate, answered};

/// The length of the cookie that is looked for.
const LENGTH: usize = 22;

pub(super) fn jar() -> Contender {
    Contender::new(0, || {
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
            let known = jar
                .get("id")
                .is_some_and(|cookie| cookie.value().len() == LENGTH);
            Ok::<_, Infallible>(answered(request, known))
        });
        Candidate::new("cookie::CookieJar", service, COOKIE, &nobody(), true)
    })
}

pub(super) fn tower_cookies() -> Contender {
    Contender::new(0, || {
        let inner = service_fn(async |request: Request<()>| {
            let cookies = request.extensions().get::<Cookies>();
            let known = cookies
                .and_then(|cookies| cookies.get("id"))
                .is_some_and(|id| id.value().len() == LENGTH);
            Ok::<_, Infallible>(answered(request, known))
        });
        let service = CookieManagerLayer::new().layer(inner);
        Candidate::new("tower-cookies", service, COOKIE, &nobody(), true)
    })
}
