use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::error::{Error, ErrorKind};

/// A response that this crate generates instead of the wrapped service.
pub(crate) type GeneratedResponse = Response<Full<Bytes>>;

pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(super) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

const NOTHING_MAY_LOAD: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const NOTHING_MAY_LOAD_IN_A_FRAME: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors *";

/// Returns a response without a body.
pub(crate) fn empty(status: StatusCode) -> GeneratedResponse {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    set_protective_headers(response.headers_mut(), false);
    response
}

/// Returns a JSON response.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> GeneratedResponse {
    let mut response = empty(status);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Full::from(value.to_string());
    response
}

/// Returns the response to a request for a host that is none of the configured ones.
pub(crate) fn misdirected() -> GeneratedResponse {
    json(
        StatusCode::MISDIRECTED_REQUEST,
        &serde_json::json!({ "error": "unknown_host" }),
    )
}

/// Returns the response to a prefetch of a page where a login would begin. Chromium shows a
/// prefetched `200` for the later navigation without a second request (measured), and sends one
/// after an error.
pub(crate) fn prefetch_unavailable() -> GeneratedResponse {
    json(
        StatusCode::SERVICE_UNAVAILABLE,
        &serde_json::json!({ "error": "speculative_request" }),
    )
}

/// Returns a `303 See Other`.
///
/// # Errors
/// If `location` is empty, or cannot be in a header. Only the URL of a provider can be like that.
pub(crate) fn see_other(location: &str) -> Result<GeneratedResponse, Error> {
    let usable = Some(location).filter(|location| !location.is_empty() && location.is_ascii());
    let Some(value) = usable.and_then(|location| HeaderValue::from_str(location).ok()) else {
        return Err(Error::new(
            ErrorKind::Internal,
            "a redirect has no usable location",
        ));
    };
    let mut response = empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(LOCATION, value);
    Ok(response)
}

/// Returns a gRPC response that ends with its headers ("Trailers-Only" of the gRPC-over-HTTP/2
/// protocol).
pub(super) fn grpc(status: &'static str, message: &'static str) -> GeneratedResponse {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(GRPC_STATUS, HeaderValue::from_static(status));
    headers.insert(GRPC_MESSAGE, HeaderValue::from_static(message));
    response
}

/// Adds the headers that every generated response carries where they are missing, and sets
/// `Cache-Control: no-store`.
pub(super) fn set_protective_headers(headers: &mut HeaderMap, may_be_framed: bool) {
    let defaults: [(HeaderName, &'static str); 3] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            CONTENT_SECURITY_POLICY,
            if may_be_framed {
                NOTHING_MAY_LOAD_IN_A_FRAME
            } else {
                NOTHING_MAY_LOAD
            },
        ),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in defaults {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
