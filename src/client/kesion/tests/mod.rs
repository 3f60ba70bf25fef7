use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::{Service, ServiceExt, service_fn};

use super::*;
use crate::client::{ErrorAction, ErrorCodes, Transport, TransportFailure};
use crate::error::{BoxError, Error, ErrorKind};
use crate::identity::{AccountAuthorization, AccountKind, AccountState, OfficialAccount};
use crate::secret::AppToken;

mod requests;
mod responses;
mod rules;

const BASE: &str = "https://school.example";
const TOKEN: &str = "t0ken0123456789abcdef0123456789ab";

/// The response of the scripted upstream to one request.
#[derive(Clone)]
enum Answer {
    Text(String),
    Status(u16),
    NotSent,
    Reset,
    QuoteTheUrl,
    Hang,
}

/// A scripted upstream.
#[derive(Clone)]
struct FarEnd(Arc<Mutex<Log>>);

struct Log {
    answers: VecDeque<Answer>,
    calls: Vec<Call>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Call {
    method: String,
    uri: String,
    content_type: String,
    body: String,
}

impl FarEnd {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Arc::new(Mutex::new(Log {
            answers: answers.into_iter().collect(),
            calls: Vec::new(),
        })))
    }

    fn builder(&self) -> KesionClientBuilder {
        let far_end = self.clone();
        KesionClient::builder(BASE).transport(Transport::new(service_fn(move |request| {
            far_end.clone().answer(request)
        })))
    }

    fn client(&self) -> KesionClient {
        self.builder().build().unwrap()
    }

    async fn answer(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, BoxError> {
        let (parts, body) = request.into_parts();
        let uri = parts.uri.to_string();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let content_type = parts.headers[CONTENT_TYPE].to_str().unwrap().to_owned();
        let answer = {
            let mut log = self.0.lock().unwrap();
            log.calls.push(Call {
                method: parts.method.to_string(),
                uri: uri.clone(),
                content_type,
                body,
            });
            log.answers.pop_front().expect("one call too many")
        };
        match answer {
            Answer::Text(text) => Ok(Response::new(Full::from(text))),
            Answer::Status(status) => Ok(Response::builder()
                .status(status)
                .body(Full::default())
                .unwrap()),
            Answer::NotSent => Err(TransportFailure::NotSent("connection refused".into()).into()),
            Answer::Reset => Err("reset by peer".into()),
            Answer::QuoteTheUrl => Err(format!("could not call {uri}").into()),
            Answer::Hang => std::future::pending().await,
        }
    }

    fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap().calls.clone()
    }
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self::Text(value.to_string())
    }
}

/// Returns the outcome of one response.
async fn read(answer: impl Into<Answer>) -> Result<AccountAuthorization, Error> {
    let outcome = ask(&FarEnd::new([answer.into()]).client()).await;
    if let Err(error) = &outcome {
        assert_shows_no_secret(error);
    }
    outcome
}

async fn ask(client: &KesionClient) -> Result<AccountAuthorization, Error> {
    client.official_account(&AppToken::new(TOKEN)).await
}

async fn kind(answer: impl Into<Answer>) -> ErrorKind {
    read(answer).await.unwrap_err().kind()
}

async fn account(answer: impl Into<Answer>) -> Arc<OfficialAccount> {
    match read(answer).await {
        Ok(AccountAuthorization::Authorized(account)) => account,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_shows_no_secret(error: &Error) {
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    for secret in ["t0ken", "s3cr3t"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// The smallest answer that is a success.
fn smallest() -> Value {
    json!({ "result": true, "appid": "wx1" })
}

/// The answer of a school that has authorized its account, in the shape of the document.
fn authorized() -> Value {
    json!({
        "openname": "第一中学教育有限公司",
        "weixintype": "2",
        "appid": "wx0123456789abcdef",
        "auth_url": "http://www.school.example/plus/auth_url?schoolid=5",
        "url": "http://wx.qlogo.cn/mmopen/head/0",
        "msg": "success",
        "weixinname": "第一中学",
        "weixinopenid": "gh_0123456789ab",
        "iswechatautologin": 1,
        "info": {
            "authorizer_info": {
                "nick_name": "第一中学",
                "head_img": "http://wx.qlogo.cn/mmopen/head/0",
                "service_type_info": { "id": 2 },
                "verify_type_info": { "id": 0 },
                "user_name": "gh_0123456789ab",
                "alias": "first-school",
                "qrcode_url": "http://mmbiz.qpic.cn/mmbiz_jpg/code/0",
                "business_info": {
                    "open_pay": 1, "open_shake": 0, "open_scan": 0, "open_card": 0, "open_store": 0,
                },
                "idc": 1,
                "principal_name": "第一中学教育有限公司",
                "signature": "一所学校。",
                "account_status": 1,
            },
            "authorization_info": {
                "authorizer_appid": "wx0123456789abcdef",
                "authorizer_refresh_token": "refreshtoken@@@s3cr3t",
                "func_info": [
                    {
                        "funcscope_category": { "id": 1 },
                        "confirm_info": { "need_confirm": 1, "already_confirm": 0, "can_confirm": 1 },
                    },
                    { "funcscope_category": { "id": 4 } },
                    {
                        "funcscope_category": { "id": 23 },
                        "confirm_info": { "need_confirm": 0, "already_confirm": 0, "can_confirm": 0 },
                    },
                ],
            },
        },
        "result": true,
        "ercodeimg": "http://mmbiz.qpic.cn/mmbiz_jpg/code/0",
    })
}

/// The answer of a school that has not, in the shape of the document.
fn not_authorized() -> Value {
    json!({
        "auth_url": "http://www.school.example/plus/auth_url?schoolid=5",
        "returnCode": 3002,
        "result": false,
        "msg": "对不起,公众号还未授权!",
    })
}

fn with(mut answer: Value, name: &str, value: Value) -> Value {
    answer[name] = value;
    answer
}
