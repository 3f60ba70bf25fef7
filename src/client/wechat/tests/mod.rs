use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::{Service, ServiceExt, service_fn};

use super::*;
use crate::client::{ErrorAction, ErrorCodes, Transport, TransportFailure};
use crate::error::{BoxError, Error, ErrorKind};
use crate::identity::{Binding, Identity, WechatUser};
use crate::secret::AuthorizationCode;

mod request;
mod response;

/// The response of the scripted upstream to one request.
#[derive(Clone)]
enum Reply {
    Text(String),
    Status(u16),
    NotSent,
    Reset,
    Hang,
    /// An error of the HTTP client with this text.
    Failed(&'static str),
}

/// A scripted upstream.
#[derive(Clone)]
struct ImitatedWechat(Arc<Mutex<Log>>);

struct Log {
    replies: VecDeque<Reply>,
    /// URI of every call that reached the upstream or the attempt to reach it.
    calls: Vec<String>,
}

const OPEN_ID: &str = "oKLC_v_IpjuViy0erQOD_bJuNrbg";
const CALL: &str = "https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx1&secret=s3cr3t&code=c0de&grant_type=authorization_code";

impl ImitatedWechat {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self(Arc::new(Mutex::new(Log {
            replies: replies.into_iter().collect(),
            calls: Vec::new(),
        })))
    }

    /// Returns a scripted upstream with one response.
    fn once(reply: &(impl ToString + ?Sized)) -> Self {
        Self::new([Reply::Text(reply.to_string())])
    }

    fn builder(&self) -> WechatClientBuilder {
        let upstream = self.clone();
        let transport = Transport::new(service_fn(move |request| upstream.clone().reply(request)));
        WechatClient::builder("wx1", "s3cr3t").transport(transport)
    }

    fn client(&self) -> WechatClient {
        self.builder().build().unwrap()
    }

    async fn user(&self) -> Result<WechatUser, Error> {
        self.client().user(AuthorizationCode::new("c0de")).await
    }

    async fn reply(self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, BoxError> {
        assert_eq!(request.method(), Method::GET);
        let uri = request.uri().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert!(body.is_empty(), "a GET without a body");
        match self.next(uri) {
            Reply::Text(text) => Ok(Response::new(Full::from(text))),
            Reply::Status(status) => Ok(Response::builder()
                .status(status)
                .body(Full::default())
                .unwrap()),
            Reply::NotSent => Err(TransportFailure::NotSent("connection refused".into()).into()),
            Reply::Reset => Err("reset by peer".into()),
            Reply::Hang => std::future::pending().await,
            Reply::Failed(text) => Err(text.into()),
        }
    }

    fn next(&self, uri: String) -> Reply {
        let mut log = self.0.lock().unwrap();
        log.calls.push(uri);
        log.replies.pop_front().expect("one call too many")
    }

    fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }
}

/// The documented response, for a follower.
fn success() -> Value {
    json!({
        "access_token": "t0ken",
        "expires_in": 7200,
        "refresh_token": "refre5h",
        "openid": OPEN_ID,
        "scope": "snsapi_base",
    })
}

/// `success` with another value for a member; without the member if the value is `None`.
fn with(name: &str, value: Option<&Value>) -> Value {
    let mut reply = success();
    let members = reply.as_object_mut().unwrap();
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value.clone())),
        None => drop(members.remove(name)),
    }
    reply
}

async fn failure(upstream: &ImitatedWechat) -> Error {
    let client = upstream.client();
    let error = client
        .user(AuthorizationCode::new("c0de"))
        .await
        .unwrap_err();
    let mut shown = format!("{client:?} {error} {error:?} {}", error.report());
    let mut source = error.source();
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    for secret in ["s3cr3t", "c0de", "t0ken", "refre5h", "oKLC"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    error
}
