//! WeChat on a desk: with the sandbox, a browser may pretend to be WeChat's. A cookie remembers it, and the login
//! sees the `User-Agent` of a phone.

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

use crate::mark::Mark;
use crate::reader::Reader;
use crate::same_origin::SameOrigin;
use crate::site::Site;

/// Where the switch is.
pub(crate) const PATH: &str = "/pretend";

const MARK: Mark = Mark {
    name: "pretend-wechat",
    path: "/",
};

const PHONE: HeaderValue = HeaderValue::from_static(
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
     Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI Language/zh_CN",
);

/// Whether this browser pretends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pretence {
    /// It could.
    Off,
    /// It does.
    On,
    /// It cannot: WeChat is real here. Or it need not: it is WeChat.
    Never,
}

/// For requests of all browsers, outside the login layers.
pub(crate) async fn pretend(mut request: Request) -> Request {
    let headers = request.headers_mut();
    let pretence = if MARK.is_in(headers) {
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

/// Begins or ends it. There is nothing to get wrong about a form with one button: without `on` it ends.
pub(crate) async fn switch(
    _: SameOrigin,
    State(site): State<Site>,
    reader: Reader,
    form: Result<Bytes, BytesRejection>,
) -> impl IntoResponse {
    let is_on = form.is_ok_and(|form| parse(&form).any(|(name, _)| name == "on"));
    let cookie = if is_on {
        MARK.set(&site)
    } else {
        MARK.remove(&site)
    };
    ([(SET_COOKIE, cookie)], Redirect::to(&reader.link("/")))
}

impl<S: Sync> FromRequestParts<S> for Pretence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::Never))
    }
}
