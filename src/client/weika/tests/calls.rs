//! Access tokens, other calls and permits.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::*;
use crate::coordination::Coordinator;
use crate::coordination::tests::InMemoryCoordinator;
use crate::error::ConfigErrorKind;
use crate::provider::{IdentityProvider, WeikaManagerProvider};
use crate::trace::tests::Captured;

fn coordinator() -> Arc<dyn Coordinator> {
    Arc::new(InMemoryCoordinator::default())
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
async fn rejected_token_request_is_an_error_of_the_application() {
    for (answer, kind, code) in [
        (r#"{"errcode":"6001"}"#, ErrorKind::Fault, 6001),
        (r#"{"errcode":40002}"#, ErrorKind::Fault, 40_002),
        (r#"{"errcode":40008}"#, ErrorKind::Configuration, 40_008),
        (r#"{"errcode":40001}"#, ErrorKind::Configuration, 40_001),
    ] {
        let far_end = FarEnd::with_tokens([Answer::Json(answer)], []);
        let error = failure(&far_end.client()).await;
        assert_eq!((error.kind(), error.upstream_code()), (kind, Some(code)));
        assert!(far_end.calls().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_encoded_in_the_query() {
    let answer = Answer::Json(r#"{"errcode":0,"access_token":"t&0=k n#王","expires_in":7200}"#);
    let far_end = FarEnd::with_tokens([answer], [MANAGER]);
    far_end
        .client()
        .manager(AuthorizationCode::new("c0de"))
        .await
        .unwrap();
    assert_eq!(far_end.calls(), [call("t%260%3Dk%20n%23%E7%8E%8B")]);
}

#[tokio::test(start_paused = true)]
async fn e5_token_without_a_lifetime_is_used_but_not_cached() {
    let answer = Answer::Json(r#"{"errcode":0,"access_token":"t0ken","expires_in":-1}"#);
    let far_end = FarEnd::with_tokens([answer], [MANAGER]);
    let client = far_end.client();
    assert!(client.manager(AuthorizationCode::new("c0de")).await.is_ok());
    assert_eq!(client.tokens().status(), TokenStatus::Absent);
}

#[tokio::test(start_paused = true)]
async fn token_expires_by_the_clock_of_the_builder() {
    let hand = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
    let far_end = FarEnd::new([]);
    let client = far_end.builder().clock(hand.clock()).build().unwrap();
    assert_eq!(client.access_token().await.unwrap().expose(), "t0ken-1");
    hand.advance(Duration::from_secs(7_200));
    assert_eq!(client.access_token().await.unwrap().expose(), "t0ken-2");
}

#[tokio::test(start_paused = true)]
async fn error_codes_can_be_extended() {
    let far_end = FarEnd::new([Answer::Json(r#"{"errcode":77}"#), MANAGER]);
    let error_codes = ErrorCodes::weika().with(77, ErrorAction::RefreshToken);
    let client = far_end.builder().error_codes(error_codes).build().unwrap();
    assert!(client.manager(AuthorizationCode::new("c0de")).await.is_ok());
    assert_eq!(far_end.token_fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn other_call_returns_the_whole_response() {
    let far_end = FarEnd::new([
        TOKEN_EXPIRED,
        Answer::Json(r#"{"errcode":"0","school":{"name":"一中"}}"#),
    ]);
    let answer = far_end
        .client()
        .post_json(
            Some("https://open.wecard.qq.com/"),
            "/cgi-bin/campus/school-info",
            &json!({ "school_code": "1" }),
        )
        .await
        .unwrap();
    assert_eq!(answer["school"]["name"], "一中");
    let uri = "https://open.wecard.qq.com/cgi-bin/campus/school-info?access_token=t0ken-2";
    assert_eq!(
        far_end.calls()[1],
        (uri.to_owned(), r#"{"school_code":"1"}"#.to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn e4_other_call_returns_no_damaged_identifier() {
    let answers = [
        r#"{"errcode":0,"name":"\ud83d"}"#,
        r#"{"errcode":0,"list":[{"user_id":"o1\ud83d"}]}"#,
    ];
    let client = FarEnd::new(answers.map(Answer::Json)).client();
    assert_eq!(
        client.post_json(None, "/a", &json!({})).await.unwrap()["name"],
        "\u{fffd}"
    );
    let error = client.post_json(None, "/a", &json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[tokio::test(start_paused = true)]
async fn e8_a_foreign_host_is_sent_nothing() {
    let far_end = FarEnd::new([]);
    let client = far_end.client();
    for host in [
        "https://evil.example",
        "http://uni.weixiao.qq.com",
        "https://10.0.0.1",
        "https://uni.weixiao.qq.com:444",
    ] {
        let error = client
            .post_json(Some(host), "/a", &json!({}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{host}");
    }
    for path in [
        "",
        "a",
        "@evil.example",
        ".evil.example",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/王",
        "/a\\b",
    ] {
        let error = client.post_json(None, path, &json!({})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenHost, "{path}");
    }
    assert_eq!((far_end.token_fetches(), far_end.calls().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn e8_a_configured_host_is_called() {
    let far_end = FarEnd::new([Answer::Json(r#"{"errcode":0}"#)]);
    let client = far_end
        .builder()
        .allow_host("10.0.0.1:8443")
        .build()
        .unwrap();
    client
        .post_json(Some("https://10.0.0.1:8443"), "/a", &json!({}))
        .await
        .unwrap();
    assert_eq!(
        far_end.calls()[0].0,
        "https://10.0.0.1:8443/a?access_token=t0ken-1"
    );
}

#[tokio::test(start_paused = true)]
async fn both_calls_are_services() {
    let far_end = FarEnd::new([MANAGER]);
    let client = far_end.client();
    let manager = client
        .clone()
        .ready()
        .await
        .unwrap()
        .call(AuthorizationCode::new("c0de"))
        .await;
    assert_eq!(manager.unwrap().subject(), "o1");
    let mut tokens = client.tokens().clone();
    assert_eq!(
        tokens
            .ready()
            .await
            .unwrap()
            .call(())
            .await
            .unwrap()
            .expose(),
        "t0ken-1"
    );
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync + Clone>() {}
    check::<WeikaClient>();
    check::<Transport>();
}

#[tokio::test(start_paused = true)]
async fn e7_no_secret_is_logged_at_any_level() {
    let log = Captured::new();
    let echo = Answer::Json(r#"{"errcode":1,"errmsg":"t0ken-1 c0de app-s3cr3t"}"#);
    for answers in [
        vec![TOKEN_EXPIRED, MANAGER],
        vec![INVALID_CODE],
        vec![Answer::Reset],
        vec![Answer::Hang],
        vec![echo.clone()],
    ] {
        let client = FarEnd::new(answers).client();
        drop(client.manager(AuthorizationCode::new("c0de")).await);
    }
    failure(&FarEnd::with_tokens([echo], []).client()).await;
    let lines = log.text();
    assert!(
        lines.contains("access token fetched") && lines.contains("access token rejected"),
        "{lines}"
    );
    for secret in ["t0ken", "c0de", "s3cr3t"] {
        assert!(!lines.contains(secret), "{lines}");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_of_one_application_with_one_coordinator_share_a_token() {
    let (far_end, coordinator) = (FarEnd::new([]), coordinator());
    let (one, other) = (far_end.client(), far_end.client());
    // A clone is the same client.
    WeikaManagerProvider::new(one.clone())
        .attach_coordinator(&coordinator)
        .unwrap();
    assert_eq!(one.attach_coordinator(&coordinator), Ok(()));
    assert_eq!(
        one.attach_coordinator(&self::coordinator()),
        Err(ConfigErrorKind::CoordinatorConflict)
    );
    other.attach_coordinator(&coordinator).unwrap();
    assert_eq!(one.access_token().await.unwrap().expose(), "t0ken-1");
    assert_eq!(other.access_token().await.unwrap().expose(), "t0ken-1");
    assert_eq!(far_end.token_fetches(), 1);
    assert_eq!(
        far_end.client().access_token().await.unwrap().expose(),
        "t0ken-2",
        "no coordinator is attached"
    );
}

#[tokio::test(start_paused = true)]
async fn other_applications_with_the_same_coordinator_have_their_own_token() {
    let (far_end, coordinator) = (FarEnd::new([]), coordinator());
    let (one, other) = (
        far_end.client(),
        far_end
            .builder()
            .base_url("https://weika.example")
            .build()
            .unwrap(),
    );
    one.attach_coordinator(&coordinator).unwrap();
    other.attach_coordinator(&coordinator).unwrap();
    assert_eq!(one.access_token().await.unwrap().expose(), "t0ken-1");
    assert_eq!(other.access_token().await.unwrap().expose(), "t0ken-2");
}

#[tokio::test]
async fn concurrent_calls_are_limited_all_complete_and_the_token_needs_no_permit() {
    let (arrived, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (count, held) = (Arc::clone(&arrived), Arc::clone(&gate));
    let transport = Transport::new(service_fn(move |request: Request<Full<Bytes>>| {
        let (count, held) = (Arc::clone(&count), Arc::clone(&held));
        async move {
            if !request.uri().path().ends_with("/access-token") {
                count.fetch_add(1, Ordering::Relaxed);
                held.acquire().await?.forget();
            }
            let answer = r#"{"errcode":0,"access_token":"t0ken","expires_in":7200}"#;
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(answer)))
        }
    }));
    // A separate host, because all clients of one host share the permits.
    let client = WeikaClient::builder("KEY", "app-s3cr3t").base_url("https://bounded.example");
    let client = client.transport(transport).build().unwrap();
    let callers = (0..300).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.post_json(None, "/open/any", &()).await.map(drop) })
    });
    let callers: Vec<_> = callers.collect();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(arrived.load(Ordering::Relaxed), 256);
    client.fetch_access_token().await.unwrap();
    gate.add_permits(300);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(arrived.load(Ordering::Relaxed), 300);
}
