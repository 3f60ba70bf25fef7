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
use crate::client::{CodeTable, NotSent, Reaction, RequestBody, Transport};
use crate::clock::{ManualClock, Timestamp};
use crate::error::{BoxError, Error, ErrorKind};
use crate::identity::Identity;
use crate::secret::AuthorizationCode;
use crate::token::TokenStatus;

/// What the far end does with one request.
#[derive(Clone)]
enum Answer {
    Json(&'static str),
    Status(u16),
    NotSent,
    Reset,
    Hang,
}

/// A far end that plays a script for the calls and numbers its tokens `t0ken-1`, `t0ken-2`, …
#[derive(Clone)]
struct FarEnd(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    token_answers: VecDeque<Answer>,
    call_answers: VecDeque<Answer>,
    token_fetches: usize,
    /// URI and body of every call that reached the far end or the attempt to reach it.
    calls: Vec<(String, String)>,
}

const MANAGER: Answer = Answer::Json(r#"{"errcode":0,"errmsg":"success","user_id":"o1","name":"王"}"#);
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
        let (token_answers, call_answers) = (token_answers.into_iter().collect(), call_answers.into_iter().collect());
        Self(Arc::new(Mutex::new(Log { token_answers, call_answers, ..Log::default() })))
    }

    fn builder(&self) -> WeikaClientBuilder {
        let far_end = self.clone();
        let transport = Transport::new(service_fn(move |request| far_end.clone().answer(request)));
        WeikaClient::builder("KEY", "app-s3cr3t").transport(transport)
    }

    fn client(&self) -> WeikaClient {
        self.builder().build().unwrap()
    }

    async fn answer(self, request: Request<RequestBody>) -> Result<Response<Full<Bytes>>, BoxError> {
        let uri = request.uri().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let (answer, number) = self.next(uri, body);
        match answer {
            Some(Answer::Json(text)) => Ok(Response::new(Full::from(text))),
            Some(Answer::Status(status)) => Ok(Response::builder().status(status).body(Full::default()).unwrap()),
            Some(Answer::NotSent) => Err(NotSent::new("connection refused").into()),
            Some(Answer::Reset) => Err("reset by peer".into()),
            Some(Answer::Hang) => std::future::pending().await,
            None => {
                let text = format!(r#"{{"errcode":0,"access_token":"t0ken-{number}","expires_in":7200}}"#);
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
            (Some(log.call_answers.pop_front().expect("one call too many")), 0)
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
    let error = client.manager(AuthorizationCode::new("c0de")).await.unwrap_err();
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
    let uri = format!("https://uni.weixiao.qq.com/open/cgi-bin/get-manager-info?access_token={token}");
    (uri, r#"{"wxcode":"c0de"}"#.to_owned())
}

#[test]
fn the_authorize_url_has_the_documented_parameters_encoded() {
    let client = FarEnd::new([]).client();
    assert_eq!(
        client.authorize_url("https://campus.example.edu.cn/回调?a=b&c", "s+/=~-._"),
        "https://uni.weixiao.qq.com/open/auth/manager-connect?app_key=KEY\
         &redirect_uri=https%3A%2F%2Fcampus.example.edu.cn%2F%E5%9B%9E%E8%B0%83%3Fa%3Db%26c&state=s%2B%2F%3D~-._"
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_becomes_a_manager() {
    let far_end = FarEnd::new([MANAGER]);
    let manager = far_end.client().manager(AuthorizationCode::new("c0de")).await.unwrap();
    assert_eq!((manager.subject(), manager.name()), ("o1", "王"));
    assert_eq!(far_end.calls(), [call("t0ken-1")]);
    assert_eq!(far_end.token_fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_logins_share_one_token() {
    let far_end = FarEnd::new(std::iter::repeat_n(MANAGER, 1_000));
    let client = far_end.client();
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let client = client.clone();
        logins.spawn(async move { client.manager(AuthorizationCode::new("c0de")).await.unwrap() });
    }
    assert_eq!(logins.join_all().await.len(), 1_000);
    assert_eq!((far_end.token_fetches(), far_end.calls().len()), (1, 1_000));
}

#[tokio::test(start_paused = true)]
async fn a_spent_code_is_not_sent_again() {
    let far_end = FarEnd::new([INVALID_CODE]);
    let error = failure(&far_end.client()).await;
    assert_eq!((error.kind(), error.upstream_code()), (ErrorKind::InvalidCode, Some(6001)));
    assert_eq!(far_end.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_fetched_anew_and_the_code_sent_once_more() {
    let far_end = FarEnd::new([TOKEN_EXPIRED, MANAGER]);
    let manager = far_end.client().manager(AuthorizationCode::new("c0de")).await.unwrap();
    assert_eq!(manager.subject(), "o1");
    assert_eq!(far_end.calls(), [call("t0ken-1"), call("t0ken-2")]);
}

#[tokio::test(start_paused = true)]
async fn a_second_refused_token_is_the_end() {
    let far_end = FarEnd::new([TOKEN_EXPIRED, TOKEN_EXPIRED]);
    let error = failure(&far_end.client()).await;
    assert_eq!((error.kind(), error.upstream_code()), (ErrorKind::TokenRejected, Some(40002)));
    assert_eq!((far_end.calls().len(), far_end.token_fetches()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_code_that_never_left_is_sent_once_more() {
    let far_end = FarEnd::new([Answer::NotSent, MANAGER]);
    assert!(far_end.client().manager(AuthorizationCode::new("c0de")).await.is_ok());
    let far_end = FarEnd::new([Answer::NotSent, Answer::NotSent]);
    assert_eq!(failure(&far_end.client()).await.kind(), ErrorKind::Connect);
    assert_eq!(far_end.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_sent_at_most_twice_and_tried_at_most_three_times() {
    let far_end = FarEnd::new([Answer::NotSent, TOKEN_EXPIRED, Answer::NotSent]);
    assert_eq!(failure(&far_end.client()).await.kind(), ErrorKind::Connect);
    let far_end = FarEnd::new([TOKEN_EXPIRED, Answer::NotSent, TOKEN_EXPIRED]);
    assert_eq!(failure(&far_end.client()).await.kind(), ErrorKind::TokenRejected);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_may_be_spent_is_never_sent_again() {
    for (answer, kind) in [
        (Answer::Reset, ErrorKind::Lost),
        (Answer::Hang, ErrorKind::Timeout),
        (Answer::Status(302), ErrorKind::Malformed),
        (Answer::Status(502), ErrorKind::Fault),
        (Answer::Json("<html>"), ErrorKind::Malformed),
        (Answer::Json(r#"{"errmsg":"success","user_id":"o1"}"#), ErrorKind::Malformed),
        (Answer::Json(r#"{"errcode":0}"#), ErrorKind::Malformed),
        (Answer::Json(r#"{"errcode":42009}"#), ErrorKind::Busy),
        (Answer::Json(r#"{"errcode":-1}"#), ErrorKind::Fault),
        (Answer::Json(r#"{"errcode":40008}"#), ErrorKind::Denied),
    ] {
        let far_end = FarEnd::new([answer]);
        assert_eq!(failure(&far_end.client()).await.kind(), kind);
        assert_eq!(far_end.calls().len(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_token_no_code_is_spent() {
    let far_end = FarEnd::with_tokens([Answer::Reset], []);
    assert_eq!(failure(&far_end.client()).await.kind(), ErrorKind::Lost);
    assert!(far_end.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_causes_no_loop() {
    let far_end = FarEnd::with_tokens(vec![Answer::Json(r#"{"errcode":40001}"#); 3], []);
    let client = far_end.client();
    for _ in 0..100 {
        let error = failure(&client).await;
        assert_eq!((error.kind(), error.upstream_code()), (ErrorKind::Configuration, Some(40001)));
    }
    assert_eq!(far_end.token_fetches(), 1);
    assert_eq!(client.tokens().status(), TokenStatus::Failing(ErrorKind::Configuration));
}

#[tokio::test(start_paused = true)]
async fn e2_a_token_answer_without_code_or_token_is_none() {
    for answer in [
        r#"{"access_token":"t0ken","expires_in":7200}"#,
        r#"{"errcode":0,"expires_in":7200}"#,
        r#"{"errcode":0,"access_token":"","expires_in":7200}"#,
        r#"{"errcode":"00","access_token":"t0ken"}"#,
    ] {
        let far_end = FarEnd::with_tokens([Answer::Json(answer)], []);
        let error = far_end.client().fetch_access_token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{answer}");
        assert!(!format!("{error:?}").contains("t0ken"));
    }
}

#[tokio::test(start_paused = true)]
async fn e5_a_token_without_a_lifetime_serves_and_is_not_kept() {
    let answer = Answer::Json(r#"{"errcode":0,"access_token":"t0ken","expires_in":-1}"#);
    let far_end = FarEnd::with_tokens([answer], [MANAGER]);
    let client = far_end.client();
    assert!(client.manager(AuthorizationCode::new("c0de")).await.is_ok());
    assert_eq!(client.tokens().status(), TokenStatus::Absent);
}

#[tokio::test(start_paused = true)]
async fn the_token_lives_by_the_clock_of_the_builder() {
    let hand = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
    let far_end = FarEnd::new([]);
    let client = far_end.builder().clock(hand.clock()).build().unwrap();
    assert_eq!(client.access_token().await.unwrap().expose(), "t0ken-1");
    hand.advance(Duration::from_secs(7_200));
    assert_eq!(client.access_token().await.unwrap().expose(), "t0ken-2");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_encoded_in_the_query() {
    let answer = Answer::Json(r#"{"errcode":0,"access_token":"t&0=k n#王","expires_in":7200}"#);
    let far_end = FarEnd::with_tokens([answer], [MANAGER]);
    far_end.client().manager(AuthorizationCode::new("c0de")).await.unwrap();
    assert_eq!(far_end.calls(), [call("t%260%3Dk%20n%23%E7%8E%8B")]);
}

#[tokio::test(start_paused = true)]
async fn users_may_extend_the_table() {
    let far_end = FarEnd::new([Answer::Json(r#"{"errcode":77}"#), MANAGER]);
    let codes = CodeTable::weika().with(77, Reaction::RefreshToken);
    let client = far_end.builder().codes(codes).build().unwrap();
    assert!(client.manager(AuthorizationCode::new("c0de")).await.is_ok());
    assert_eq!(far_end.token_fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn any_other_call_gives_the_whole_answer() {
    let far_end = FarEnd::new([TOKEN_EXPIRED, Answer::Json(r#"{"errcode":"0","school":{"name":"一中"}}"#)]);
    let answer = far_end
        .client()
        .post_json(Some("https://open.wecard.qq.com/"), "/cgi-bin/campus/school-info", &json!({ "school_code": "1" }))
        .await
        .unwrap();
    assert_eq!(answer["school"]["name"], "一中");
    let uri = "https://open.wecard.qq.com/cgi-bin/campus/school-info?access_token=t0ken-2";
    assert_eq!(far_end.calls()[1], (uri.to_owned(), r#"{"school_code":"1"}"#.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn e8_a_foreign_host_is_sent_nothing() {
    let far_end = FarEnd::new([]);
    let client = far_end.client();
    for host in
        ["https://evil.example", "http://uni.weixiao.qq.com", "https://10.0.0.1", "https://uni.weixiao.qq.com:444"]
    {
        let error = client.post_json(Some(host), "/a", &json!({})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{host}");
    }
    for path in ["", "a", "@evil.example", ".evil.example", "/a?b=c", "/a#b", "/a b", "/王", "/a\\b"] {
        let error = client.post_json(None, path, &json!({})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{path}");
    }
    assert_eq!((far_end.token_fetches(), far_end.calls().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn e8_a_configured_host_is_called() {
    let far_end = FarEnd::new([Answer::Json(r#"{"errcode":0}"#)]);
    let client = far_end.builder().allow_host("10.0.0.1:8443").build().unwrap();
    client.post_json(Some("https://10.0.0.1:8443"), "/a", &json!({})).await.unwrap();
    assert_eq!(far_end.calls()[0].0, "https://10.0.0.1:8443/a?access_token=t0ken-1");
}

#[tokio::test(start_paused = true)]
async fn both_calls_are_services() {
    let far_end = FarEnd::new([MANAGER]);
    let client = far_end.client();
    let manager = client.manager_service().ready().await.unwrap().call(AuthorizationCode::new("c0de")).await;
    assert_eq!(manager.unwrap().subject(), "o1");
    let mut tokens = client.tokens().clone();
    assert_eq!(tokens.ready().await.unwrap().call(()).await.unwrap().expose(), "t0ken-1");
}

#[test]
fn what_users_hold_is_send_and_sync() {
    fn check<T: Send + Sync + Clone>() {}
    check::<WeikaClient>();
    check::<ManagerInfo>();
    check::<Transport>();
}

#[tokio::test(start_paused = true)]
async fn e7_no_secret_is_logged_at_any_level() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let writer = Lines(Arc::clone(&lines));
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let echo = Answer::Json(r#"{"errcode":1,"errmsg":"t0ken-1 c0de app-s3cr3t"}"#);
    for answers in
        [vec![TOKEN_EXPIRED, MANAGER], vec![INVALID_CODE], vec![Answer::Reset], vec![Answer::Hang], vec![echo.clone()]]
    {
        let client = FarEnd::new(answers).client();
        drop(client.manager(AuthorizationCode::new("c0de")).await);
    }
    failure(&FarEnd::with_tokens([echo], []).client()).await;
    drop(guard);
    let lines = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    assert!(lines.contains("access token fetched") && lines.contains("refuses"), "{lines}");
    for secret in ["t0ken", "c0de", "s3cr3t"] {
        assert!(!lines.contains(secret), "{lines}");
    }
}

#[derive(Clone)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
