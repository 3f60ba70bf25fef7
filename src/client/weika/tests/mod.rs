use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tower::{Service, ServiceExt, service_fn};

use super::*;
use crate::client::{ErrorAction, ErrorCodes, Transport, TransportFailure};
use crate::clock::{ManualClock, Timestamp};
use crate::error::{BoxError, Error, ErrorKind};
use crate::identity::Identity;
use crate::secret::AuthorizationCode;
use crate::token::TokenStatus;

mod calls;
mod manager;
mod response;

/// The response of the scripted upstream to one request.
#[derive(Clone)]
enum Reply {
    Json(&'static str),
    Status(u16),
    NotSent,
    Reset,
    Hang,
}

/// A scripted upstream for the calls and numbers its tokens `t0ken-1`, `t0ken-2`, …
#[derive(Clone)]
struct ImitatedWeika(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    token_replies: VecDeque<Reply>,
    call_replies: VecDeque<Reply>,
    token_fetches: usize,
    /// URI and body of every call that reached the upstream or the attempt to reach it.
    calls: Vec<(String, String)>,
}

const MANAGER: Reply =
    Reply::Json(r#"{"errcode":0,"errmsg":"success","user_id":"o1","name":"王"}"#);
const INVALID_CODE: Reply = Reply::Json(r#"{"errcode":"6001","errmsg":"invalid code"}"#);
const TOKEN_EXPIRED: Reply = Reply::Json(r#"{"errcode":40002,"errmsg":"access_token expired"}"#);

impl ImitatedWeika {
    fn new(call_replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_tokens([], call_replies)
    }

    fn with_tokens(
        token_replies: impl IntoIterator<Item = Reply>,
        call_replies: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let (token_replies, call_replies) = (
            token_replies.into_iter().collect(),
            call_replies.into_iter().collect(),
        );
        Self(Arc::new(Mutex::new(Log {
            token_replies,
            call_replies,
            ..Log::default()
        })))
    }

    fn builder(&self) -> WeikaClientBuilder {
        let upstream = self.clone();
        let transport = Transport::new(service_fn(move |request| upstream.clone().reply(request)));
        WeikaClient::builder("KEY", "app-s3cr3t").transport(transport)
    }

    fn client(&self) -> WeikaClient {
        self.builder().build().unwrap()
    }

    async fn reply(self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, BoxError> {
        let uri = request.uri().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let (reply, number) = self.next(uri, body);
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
                let text =
                    format!(r#"{{"errcode":0,"access_token":"t0ken-{number}","expires_in":7200}}"#);
                Ok(Response::new(Full::from(text)))
            }
        }
    }

    fn next(&self, uri: String, body: String) -> (Option<Reply>, usize) {
        let mut log = self.0.lock().unwrap();
        if uri.ends_with("/open/cgi-bin/access-token") {
            assert_eq!(body, r#"{"app_key":"KEY","app_secret":"app-s3cr3t"}"#);
            log.token_fetches += 1;
            (log.token_replies.pop_front(), log.token_fetches)
        } else {
            log.calls.push((uri, body));
            (
                Some(log.call_replies.pop_front().expect("one call too many")),
                0,
            )
        }
    }

    fn token_fetches(&self) -> usize {
        self.0.lock().unwrap().token_fetches
    }

    fn calls(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().calls.clone()
    }
}

async fn failure(client: &WeikaClient) -> Error {
    let error = client
        .manager(AuthorizationCode::new("c0de"))
        .await
        .unwrap_err();
    let mut shown = format!("{client:?} {error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    for secret in ["t0ken", "c0de", "s3cr3t"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    error
}

fn call(token: &str) -> (String, String) {
    let uri =
        format!("https://uni.weixiao.qq.com/open/cgi-bin/get-manager-info?access_token={token}");
    (uri, r#"{"wxcode":"c0de"}"#.to_owned())
}
