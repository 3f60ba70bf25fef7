//! The parts that all our answers share.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// A response that is wholly ours.
pub(crate) type OwnResponse = Response<Full<Bytes>>;

const NOTHING_MAY_LOAD: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> OwnResponse {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    no_store(response.headers_mut());
    response
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> OwnResponse {
    let mut response = empty(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Full::from(value.to_string());
    response
}

/// `303 See Other`. A location that cannot be a header leads to the landing page `/`; those of this crate
/// always can.
pub(crate) fn see_other(location: &str) -> OwnResponse {
    let mut response = empty(StatusCode::SEE_OTHER);
    let location = HeaderValue::from_str(location).unwrap_or_else(|_| HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, location);
    response
}

/// Adds what every answer of ours carries, where it is not there yet; `Cache-Control` always.
pub(crate) fn no_store(headers: &mut HeaderMap) {
    let defaults: [(HeaderName, &'static str); 3] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NOTHING_MAY_LOAD),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
