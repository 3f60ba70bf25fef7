//! Processing of one call: the log, the fault before it, the reply, the fault after it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Map, json};
use tokio::sync::Notify;

use super::body::ResponseBody;
use super::dispatch::dispatch;
use super::home::home;
use super::systems::Systems;
use crate::endpoint::Endpoint;
use crate::message::call::Call;
use crate::message::reply::{Content, Reply};
use crate::response_format::ResponseFormat;
use crate::state::call_log::{CallLog, Entry, Outcome};
use crate::state::fault::{Fault, Faults};
use crate::state::variation::{Variation, Variations};
use crate::system::weika::WeikaRefusal;

/// The systems of a sandbox and its switches, for all of its connections.
pub(crate) struct Inner {
    pub(crate) systems: Systems,
    pub(crate) call_log: CallLog,
    pub(crate) variations: Variations,
    pub(crate) faults: Faults,
}

impl Inner {
    /// Responds to one call. A notification of `reset` makes the connection break.
    pub(crate) async fn respond(
        &self,
        request: Request<Incoming>,
        reset: Arc<Notify>,
    ) -> Response<ResponseBody> {
        let (parts, body) = request.into_parts();
        let host = parts
            .headers
            .get(header::HOST)
            .map(HeaderValue::as_bytes)
            .unwrap_or_default();
        let host = String::from_utf8_lossy(host).into_owned();
        let endpoint = Endpoint::at(parts.uri.path());
        self.call_log.arrive(endpoint, &host);
        let fault = endpoint.and_then(|endpoint| self.faults.take(endpoint));
        let variations = self.variations.snapshot();

        let reply = self
            .reply(endpoint, &parts, body, fault.as_ref(), &variations)
            .await;
        let outcome = match (&fault, reply.refusal) {
            (Some(fault), _) => Outcome::Faulted(fault.behaviour().name),
            (None, Some(number)) => Outcome::Refused(number),
            (None, None) => Outcome::Answered,
        };
        self.call_log.finish(Entry {
            endpoint,
            host,
            outcome,
        });

        let (content_type, bytes) = reply.render(&variations);
        let body = match fault {
            Some(Fault::ResetBefore | Fault::ResetAfter) => {
                reset.notify_one();
                std::future::pending().await
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Delay(delay)) => {
                tokio::time::sleep(delay).await;
                ResponseBody::whole(bytes)
            }
            Some(Fault::Held(gate)) => {
                gate.passed().await;
                ResponseBody::whole(bytes)
            }
            Some(Fault::TruncatedBody) => ResponseBody::truncated(&bytes),
            Some(Fault::EmptyBody) => ResponseBody::whole(Bytes::new()),
            Some(Fault::HugeBody) => ResponseBody::padded(&bytes),
            Some(_) | None => ResponseBody::whole(bytes),
        };
        response(reply, content_type, body)
    }

    async fn reply(
        &self,
        endpoint: Option<Endpoint>,
        parts: &Parts,
        body: Incoming,
        fault: Option<&Fault>,
        variations: &[Variation],
    ) -> Reply {
        let Some(endpoint) = endpoint else {
            return if parts.uri.path() == "/" {
                Reply::page(home(&self.systems))
            } else {
                not_found()
            };
        };
        if let Some(reply) = fault.and_then(|fault| replacement(fault, endpoint.format())) {
            return reply;
        }
        match read(body).await {
            Ok(body) => dispatch(
                &self.systems,
                endpoint,
                &Call {
                    parts,
                    body: &body,
                    variations,
                    fault,
                },
            ),
            Err(Unreadable::TooSlow) => Reply::error_page(
                StatusCode::REQUEST_TIMEOUT,
                "请求超时",
                "408 Request Timeout",
            ),
            Err(_) if endpoint.format() == ResponseFormat::Weika => {
                WeikaRefusal::ParameterWrong.reply()
            }
            Err(Unreadable::TooLong) => Reply::error_page(
                StatusCode::PAYLOAD_TOO_LARGE,
                "请求过大",
                "413 Content Too Large",
            ),
            Err(Unreadable::Incomplete) => Reply::bad_request("请求不完整", "400 Bad Request"),
        }
    }
}

fn response(
    reply: Reply,
    content_type: Option<&'static str>,
    body: ResponseBody,
) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(location) = reply.location {
        headers.insert(header::LOCATION, location);
    }
    if reply.status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// More bytes than any documented call needs.
const MAX_REQUEST: usize = 1024 * 1024;

/// Time for the body of a request.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Reason the body of a request is not available.
enum Unreadable {
    TooLong,
    TooSlow,
    Incomplete,
}

/// Reads a whole body within its limits of size and time.
async fn read(body: Incoming) -> Result<Bytes, Unreadable> {
    match tokio::time::timeout(BODY_READ_TIMEOUT, Limited::new(body, MAX_REQUEST).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unreadable::TooLong),
        Ok(Err(_)) => Err(Unreadable::Incomplete),
        Err(_) => Err(Unreadable::TooSlow),
    }
}

/// Returns the reply of a fault that happens before the call is handled.
fn replacement(fault: &Fault, format: ResponseFormat) -> Option<Reply> {
    Some(match fault {
        // Never sent.
        Fault::ResetBefore => Reply::failure(StatusCode::BAD_GATEWAY, Content::Empty),
        Fault::BadGateway => {
            Reply::error_page(StatusCode::BAD_GATEWAY, "网关错误", "502 Bad Gateway")
        }
        Fault::TooManyRequests => Reply::error_page(
            StatusCode::TOO_MANY_REQUESTS,
            "请求过于频繁",
            "429 Too Many Requests",
        ),
        Fault::Redirect(location) => return Reply::redirect(location),
        Fault::Errcode(errcode) => Reply::refusal(format, errcode.clone(), "system error"),
        Fault::NotLatest => {
            let errcode = WeikaRefusal::TokenInvalid.errcode();
            Reply::refusal(format, errcode, "access_token is invalid or not latest")
        }
        _ => return None,
    })
}

fn not_found() -> Reply {
    let body = [
        ("errcode".to_owned(), json!(404)),
        ("errmsg".to_owned(), json!("not found")),
    ];
    Reply::failure(
        StatusCode::NOT_FOUND,
        Content::Json(ResponseFormat::Weika, Map::from_iter(body)),
    )
}
