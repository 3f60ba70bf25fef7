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
enum Answer {
    Json(&'static str),
    Status(u16),
    NotSent,
    Reset,
    Hang,
}

/// A scripted upstream for the calls and numbers its tokens `t0ken-1`, `t0ken-2`, …
#[derive(Clone)]
struct FarEnd(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    token_answers: VecDeque<Answer>,
    call_answers: VecDeque<Answer>,
    token_fetches: usize,
    /// URI and body of every call that reached the upstream or the attempt to reach it.
    calls: Vec<(String, String)>,
}

const MANAGER: Answer =
    Answer::Json(r#"{"errcode":0,"errmsg":"success","user_id":"o1","name":"王"}"#);
const INVALID_CODE: Answer = Answer::Json(r#"{"errcode":"6001","errmsg":"invalid code"}"#);
const TOKEN_EXPIRED: Answer = Answer::Json(r#"{"errcode":40002,"errmsg":"access_token expired"}"#);

impl FarEnd {
    fn new(call_answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::with_tokens([], call_answers)
    }

    fn with_tokens(
        token_answers: impl IntoIterator<Item = Answer>,
        call_answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let (token_answers, call_answers) = (
            token_answers.into_iter().collect(),
            call_answers.into_iter().collect(),
        );
        Self(Arc::new(Mutex::new(Log {
            token_answers,
            call_answers,
            ..Log::default()
        })))
    }

    fn builder(&self) -> WeikaClientBuilder {
        let far_end = self.clone();
        let transport = Transport::new(service_fn(move |request| far_end.clone().answer(request)));
        WeikaClient::builder("KEY", "app-s3cr3t").transport(transport)
    }

    fn client(&self) -> WeikaClient {
        self.builder().build().unwrap()
    }

    async fn answer(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, BoxError> {
        let uri = request.uri().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let (answer, number) = self.next(uri, body);
        match answer {
            Some(Answer::Json(text)) => Ok(Response::new(Full::from(text))),
            Some(Answer::Status(status)) => Ok(Response::builder()
                .status(status)
                .body(Full::default())
                .unwrap()),
            Some(Answer::NotSent) => {
                Err(TransportFailure::NotSent("connection refused".into()).into())
            }
            Some(Answer::Reset) => Err("reset by peer".into()),
            Some(Answer::Hang) => std::future::pending().await,
            None => {
                let text =
                    format!(r#"{{"errcode":0,"access_token":"t0ken-{number}","expires_in":7200}}"#);
                Ok(Response::new(Full::from(text)))
            }
        }
    }

    fn next(&self, uri: String, body: String) -> (Option<Answer>, usize) {
        let mut log = self.0.lock().unwrap();
        if uri.ends_with("/open/cgi-bin/access-token") {
            assert_eq!(body, r#"{"app_key":"KEY","app_secret":"app-s3cr3t"}"#);
            log.token_fetches += 1;
            (log.token_answers.pop_front(), log.token_fetches)
        } else {
            log.calls.push((uri, body));
            (
                Some(log.call_answers.pop_front().expect("one call too many")),
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
