//! Simulates the WeChat browser on a desktop, with the sandbox only. A cookie remembers the choice,
//! and the login layers see the `User-Agent` of a phone.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect};
use tower_weika::request::UserAgent;
use url::form_urlencoded::parse;

use crate::marker_cookie::MarkerCookie;
use crate::reader::Reader;
use crate::site::Site;

/// The path of the switch.
pub(crate) const PATH: &str = "/pretend";

const COOKIE: MarkerCookie = MarkerCookie {
    name: "pretend-wechat",
    path: "/",
};

const PHONE: HeaderValue = HeaderValue::from_static(
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
     Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI Language/zh_CN",
);

/// Whether this browser simulates WeChat's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pretence {
    /// It can, and does not.
    Off,
    /// It does.
    On,
    /// It cannot, because WeChat is real here; or need not, because it is WeChat's browser.
    Never,
}

/// Middleware for all requests, outside the login layers.
pub(crate) async fn pretend(mut request: Request) -> Request {
    let headers = request.headers_mut();
    let pretence = if COOKIE.is_in(headers) {
        headers.insert(USER_AGENT, PHONE);
        Pretence::On
    } else if UserAgent::of(headers).has_web_login() {
        Pretence::Never
    } else {
        Pretence::Off
    };
    request.extensions_mut().insert(pretence);
    request
}

/// Switches the simulation on or off. A form with one button cannot be invalid: without `on` the
/// simulation is switched off.
pub(crate) async fn switch(
    State(site): State<Site>,
    reader: Reader,
    form: Result<Bytes, BytesRejection>,
) -> impl IntoResponse {
    let is_on = form.is_ok_and(|form| parse(&form).any(|(name, _)| name == "on"));
    let cookie = if is_on {
        COOKIE.set(&site)
    } else {
        COOKIE.remove(&site)
    };
    ([(SET_COOKIE, cookie)], Redirect::to(&reader.link("/")))
}

impl<S: Sync> FromRequestParts<S> for Pretence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::Never))
    }
}
