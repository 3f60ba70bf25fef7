use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::service_fn;

use super::*;
use crate::client::{Transport, TransportFailure};
use crate::error::{BoxError, Error, ErrorKind};
use crate::secret::AuthorizationCode;

mod exchange;
mod identity_types;
mod response;
mod school_token;

const SCHOOL: &str = "1014714333";
const BACK: &str = "https://campus.example/auth/weika-member/callback";

const TOKEN: &str = "/connect/oauth2/token";
const INFO: &str = "/connect/oauth/get-user-info";
const SCHOOL_TOKEN: &str = "/cgi-bin/oauth2/token";
const TYPES: &str = "/cgi-bin/user/get-identity-type";

const MEMBER: Reply =
    Reply::Json(r#"{"errcode":0,"ocode":"1014714333","card_number":"20230042","name":"王"}"#);
const LIST: Reply = Reply::Json(
    r#"{"errcode":0,"errmsg":"ok","list":[{"identity_type":6,"name":"本科生","classification":2}]}"#,
);
const TOKEN_EXPIRED: Reply = Reply::Json(r#"{"errcode":40002,"errmsg":"access_token expired"}"#);

/// The response of the scripted upstream to one request.
#[derive(Clone)]
enum Reply {
    Json(&'static str),
    Status(u16),
    NotSent,
    Reset,
    Hang,
}

/// A scripted upstream: replies by path, in order. Without a script, both token endpoints issue
/// `t0ken-1`, `t0ken-2`, …
#[derive(Clone, Default)]
struct ImitatedWeika(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    replies: Vec<(&'static str, VecDeque<Reply>)>,
    tokens: usize,
    /// Path with query, and body, of every attempted call.
    calls: Vec<(String, String)>,
}

impl ImitatedWeika {
    fn new() -> Self {
        Self::default()
    }

    /// Adds replies of one endpoint.
    fn at(self, path: &'static str, replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = (path, replies.into_iter().collect());
        self.0.lock().unwrap().replies.push(replies);
        self
    }

    fn builder(&self) -> WeikaMemberClientBuilder {
        let upstream = self.clone();
        let transport = Transport::new(service_fn(move |request| upstream.clone().reply(request)));
        WeikaMemberClient::builder("KEY", "app-s3cr3t", SCHOOL).transport(transport)
    }

    fn client(&self) -> WeikaMemberClient {
        self.builder().build().unwrap()
    }

    async fn reply(self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, BoxError> {
        let target = request.uri().path_and_query().unwrap().to_string();
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let (reply, number) = {
            let mut log = self.0.lock().unwrap();
            log.calls.push((target, body));
            let scripted = log.replies.iter_mut().find(|(it, _)| *it == path);
            let reply = scripted.and_then(|(_, replies)| replies.pop_front());
            log.tokens += usize::from(reply.is_none());
            (reply, log.tokens)
        };
        match reply {
            Some(Reply::Json(text)) => Ok(Response::new(Full::from(text))),
            Some(Reply::Status(status)) => Ok(Response::builder()
                .status(status)
                .body(Full::default())
                .unwrap()),
            Some(Reply::NotSent) => {
                Err(TransportFailure::NotSent("connection refused".into()).into())
            }
            Some(Reply::Reset) => Err("reset by peer".into()),
            Some(Reply::Hang) => std::future::pending().await,
            None => {
                assert!(path.ends_with("/token"), "one call of {path} too many");
                let text = format!(
                    r#"{{"access_token":"t0ken-{number}","refresh_token":"r3fresh","expires_in":7200,"ocode":"{SCHOOL}"}}"#
                );
                Ok(Response::new(Full::from(text)))
            }
        }
    }

    fn calls(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().calls.clone()
    }

    /// The number of calls of one endpoint.
    fn count(&self, path: &str) -> usize {
        let calls = self.calls();
        let of_path = calls.iter().filter(|(target, _)| target.starts_with(path));
        of_path.count()
    }
}

fn code() -> AuthorizationCode {
    AuthorizationCode::new("c0de")
}

/// The failure of an exchange. It shows no secret.
async fn failure(upstream: &ImitatedWeika) -> Error {
    let error = upstream.client().member(code(), BACK).await.unwrap_err();
    let mut shown = format!("{error} {error:?} {}", error.report());
    let mut source = error.source();
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    for secret in ["t0ken", "c0de", "s3cr3t", "r3fresh", "20230042"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    error
}
