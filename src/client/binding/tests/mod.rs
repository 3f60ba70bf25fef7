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
use crate::identity::{BearerToken, WechatUser};
use crate::secret::AuthorizationCode;

mod request;
mod response;

/// The response of the scripted upstream to one request.
#[derive(Clone)]
enum Answer {
    Json(String),
    Status(u16),
    NotSent,
    Reset,
    Hang,
}

/// A scripted upstream.
#[derive(Clone)]
struct FarEnd(Arc<Mutex<Log>>);

struct Log {
    answers: VecDeque<Answer>,
    /// URI and body of every call that reached the upstream or the attempt to reach it.
    calls: Vec<(String, String)>,
}

const NOW: Timestamp = Timestamp::from_unix_seconds(1_559_634_117);

impl FarEnd {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Arc::new(Mutex::new(Log {
            answers: answers.into_iter().collect(),
            calls: Vec::new(),
        })))
    }

    /// Returns a scripted upstream with one response.
    fn once(answer: &(impl ToString + ?Sized)) -> Self {
        Self::new([Answer::Json(answer.to_string())])
    }

    fn builder(&self) -> BindingClientBuilder {
        let far_end = self.clone();
        let transport = Transport::new(service_fn(move |request| far_end.clone().answer(request)));
        BindingClient::builder("https://operator.example")
            .transport(transport)
            .clock(ManualClock::new(NOW).clock())
    }

    fn client(&self) -> BindingClient {
        self.builder().build().unwrap()
    }

    async fn check(&self) -> Result<WechatUser, Error> {
        self.client()
            .check("wx1", AuthorizationCode::new("c0de"))
            .await
    }

    async fn answer(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, BoxError> {
        let uri = request.uri().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        match self.next(uri, body) {
            Answer::Json(text) => Ok(Response::new(Full::from(text))),
            Answer::Status(status) => Ok(Response::builder()
                .status(status)
                .body(Full::default())
                .unwrap()),
            Answer::NotSent => Err(TransportFailure::NotSent("connection refused".into()).into()),
            Answer::Reset => Err("reset by peer".into()),
            Answer::Hang => std::future::pending().await,
        }
    }

    fn next(&self, uri: String, body: String) -> Answer {
        let mut log = self.0.lock().unwrap();
        log.calls.push((uri, body));
        log.answers.pop_front().expect("one call too many")
    }

    fn calls(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().calls.clone()
    }
}

/// The documented answer for a bound user.
fn bound() -> serde_json::Value {
    json!({
        "code": 0,
        "msg": "success",
        "data": { "openId": "oKLC_v_IpjuViy0erQOD_bJuNrbg", "expire": 604_800, "token": "eyJ0.t0ken.m68J" },
    })
}

/// The documented answer for a user who is not bound.
fn unbound() -> serde_json::Value {
    json!({ "code": 2000, "msg": "微信openid未绑定用户", "data": { "openId": "oKLC_v_IpjuViy0erQOD_bJuNrbg" } })
}

async fn failure(far_end: &FarEnd) -> Error {
    let client = far_end.client();
    let error = client
        .check("wx1", AuthorizationCode::new("c0de"))
        .await
        .unwrap_err();
    let mut shown = format!("{client:?} {error} {error:?} {}", error.report());
    let mut source = error.source();
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    for secret in ["t0ken", "c0de", "oKLC"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    error
}

fn call(company_flag: u8) -> (String, String) {
    let body = format!(r#"{{"appid":"wx1","code":"c0de","companyFlag":{company_flag}}}"#);
    ("https://operator.example/app/wx/openId".to_owned(), body)
}
