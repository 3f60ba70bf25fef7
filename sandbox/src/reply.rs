//! From a call to what goes over the wire: faults before, the answer, quirks, faults after.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Map, json};
use tokio::sync::Notify;

use super::answer::{Answer, Content};
use super::call::Call;
use super::dialect::Dialect;
use super::endpoint::Endpoint;
use super::fault::{Fault, Faults};
use super::ledger::{Entry, Ledger, Outcome};
use super::page;
use super::quirk::Quirks;
use super::systems::Systems;
use super::weika::Refusal;

/// What all connections of a sandbox share.
pub(super) struct Shared {
    pub(super) systems: Systems,
    pub(super) ledger: Ledger,
    pub(super) quirks: Quirks,
    pub(super) faults: Faults,
}

impl Shared {
    /// Answers one call. `reset` makes its connection break.
    pub(super) async fn reply(&self, request: Request<Incoming>, reset: Arc<Notify>) -> Response<ReplyBody> {
        let (parts, body) = request.into_parts();
        let host = parts.headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
        let host = String::from_utf8_lossy(host).into_owned();
        let endpoint = Endpoint::at(parts.uri.path());
        self.ledger.arrive(endpoint, &host);
        let fault = endpoint.and_then(|endpoint| self.faults.take(endpoint));

        let dialect = endpoint.map_or(Dialect::Weika, Endpoint::dialect);
        let early = fault.as_ref().and_then(|fault| instead(fault, dialect));
        let quirks = self.quirks.snapshot();
        let answer = match (early, endpoint) {
            (Some(answer), _) => answer,
            (None, None) if parts.uri.path() == "/" => self.systems.home(),
            (None, None) => not_found(),
            (None, Some(endpoint)) => match read(body).await {
                Ok(body) => {
                    let call = Call { parts: &parts, body: &body, quirks: &quirks, fault: fault.as_ref() };
                    self.systems.answer(endpoint, &call)
                }
                Err(Unreadable::TooSlow) => {
                    let content = Content::Html(page::error("请求超时", "408 Request Timeout"));
                    Answer::failure(StatusCode::REQUEST_TIMEOUT, content)
                }
                Err(_) if dialect == Dialect::Weika => Refusal::ParameterWrong.answer(),
                Err(Unreadable::TooLong) => {
                    let content = Content::Html(page::error("请求过大", "413 Content Too Large"));
                    Answer::failure(StatusCode::PAYLOAD_TOO_LARGE, content)
                }
                Err(Unreadable::Broken) => {
                    let content = Content::Html(page::error("请求不完整", "400 Bad Request"));
                    Answer::failure(StatusCode::BAD_REQUEST, content)
                }
            },
        };
        let outcome = match (&fault, answer.refusal) {
            (Some(fault), _) => Outcome::Spoiled(fault.behaviour().name),
            (None, Some(errcode)) => Outcome::Refused(errcode),
            (None, None) => Outcome::Answered,
        };
        self.ledger.finish(Entry { endpoint, host, outcome });

        let (content_type, bytes) = answer.render(&quirks);
        let body = match fault {
            Some(Fault::ResetBefore | Fault::ResetAfter) => {
                reset.notify_one();
                std::future::pending().await
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Delay(delay)) => {
                tokio::time::sleep(delay).await;
                ReplyBody::whole(bytes)
            }
            Some(Fault::Held(gate)) => {
                gate.passed().await;
                ReplyBody::whole(bytes)
            }
            Some(Fault::TruncatedBody) => ReplyBody::truncated(&bytes),
            Some(Fault::EmptyBody) => ReplyBody::whole(Bytes::new()),
            Some(Fault::HugeBody) => ReplyBody::whole(padded(&bytes)),
            Some(_) | None => ReplyBody::whole(bytes),
        };
        let mut response = Response::new(body);
        *response.status_mut() = answer.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(location) = answer.location {
            headers.insert(header::LOCATION, location);
        }
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// More than any documented call needs.
const MAX_REQUEST: usize = 1024 * 1024;

/// How long a client may take to send the body of a request.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the body of a request is not there.
enum Unreadable {
    TooLong,
    TooSlow,
    Broken,
}

/// Reads a whole body within its limits of size and time.
async fn read(body: Incoming) -> Result<Bytes, Unreadable> {
    match tokio::time::timeout(BODY_READ_TIMEOUT, Limited::new(body, MAX_REQUEST).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unreadable::TooLong),
        Ok(Err(_)) => Err(Unreadable::Broken),
        Err(_) => Err(Unreadable::TooSlow),
    }
}

/// What the fault says instead of an answer, if it does.
fn instead(fault: &Fault, dialect: Dialect) -> Option<Answer> {
    Some(match fault {
        // Never sent.
        Fault::ResetBefore => Answer::failure(StatusCode::BAD_GATEWAY, Content::None),
        Fault::BadGateway => {
            let content = Content::Html(page::error("网关错误", "502 Bad Gateway"));
            Answer::failure(StatusCode::BAD_GATEWAY, content)
        }
        Fault::TooManyRequests => {
            let content = Content::Html(page::error("请求过于频繁", "429 Too Many Requests"));
            Answer::failure(StatusCode::TOO_MANY_REQUESTS, content)
        }
        Fault::Redirect(location) => Answer::redirect(HeaderValue::from_str(location).ok()?),
        Fault::Errcode(errcode) => dialect.refusal(errcode.clone(), "system error"),
        Fault::NotLatest => dialect.refusal(Refusal::TokenInvalid.errcode(), "access_token is invalid or not latest"),
        _ => return None,
    })
}

fn not_found() -> Answer {
    let body = [("errcode".to_owned(), json!(404)), ("errmsg".to_owned(), json!("not found"))];
    Answer::failure(StatusCode::NOT_FOUND, Content::Json(Dialect::Weika, Map::from_iter(body)))
}

/// Blanks in front leave JSON and HTML valid, so that only a limit keeps a reader from taking it all.
fn padded(body: &Bytes) -> Bytes {
    const BLANKS: usize = 10 * 1024 * 1024;
    let mut padded = BytesMut::with_capacity(BLANKS + body.len());
    padded.put_bytes(b' ', BLANKS);
    padded.put_slice(body);
    padded.freeze()
}

/// A body that is announced with its length and may break off before.
#[derive(Debug)]
pub(super) struct ReplyBody {
    parts: VecDeque<Part>,
    announced: u64,
}

#[derive(Debug)]
enum Part {
    Bytes(Bytes),
    /// Lets hyper write out what it has: it throws that away when the next part is an error.
    Pause,
    BreakOff,
}

impl ReplyBody {
    fn whole(bytes: Bytes) -> Self {
        let announced = bytes.len() as u64;
        let parts = if bytes.is_empty() { VecDeque::new() } else { VecDeque::from([Part::Bytes(bytes)]) };
        Self { parts, announced }
    }

    /// The first half of `bytes`, announced as all of it.
    fn truncated(bytes: &Bytes) -> Self {
        let half = Part::Bytes(bytes.slice(..bytes.len() / 2));
        let parts = VecDeque::from([half, Part::Pause, Part::BreakOff]);
        Self { parts, announced: bytes.len() as u64 }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.parts.pop_front() {
            Some(Part::Bytes(bytes)) => {
                self.announced = self.announced.saturating_sub(bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Part::Pause) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Part::BreakOff) => Poll::Ready(Some(Err(io::Error::other("the sandbox was told to break off")))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
