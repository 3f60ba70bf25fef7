//! WeChat on a desk: with the sandbox, a browser may pretend to be WeChat's. A cookie remembers it, and the login
//! sees the `User-Agent` of a phone.

use std::convert::Infallible;

use axum::Form;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;
use tower_weika::answer::UserAgent;

use crate::reader::Reader;
use crate::same_origin::SameOrigin;

/// Where the switch is.
pub(crate) const PATH: &str = "/pretend";

const NAME: &str = "pretend-wechat";

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
    let pretence = if wants_to(headers) {
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

fn wants_to(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).any(|pair| pair.trim().split_once('=') == Some((NAME, "1")))
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    on: Option<String>,
}

/// Begins or ends it.
pub(crate) async fn switch(_: SameOrigin, reader: Reader, Form(choice): Form<Choice>) -> impl IntoResponse {
    let lifetime = if choice.on.is_some() { "" } else { "; Max-Age=0" };
    let cookie = format!("{NAME}=1; Path=/; HttpOnly; SameSite=Lax{lifetime}");
    ([(SET_COOKIE, cookie)], Redirect::to(&reader.link("/")))
}

impl<S: Sync> FromRequestParts<S> for Pretence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::Never))
    }
}
