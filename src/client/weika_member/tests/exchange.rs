//! The exchange of a code: two calls, and the failures of each.

use tower::{Service, ServiceExt};

use super::*;
use crate::identity::Identity;
use crate::trace::tests::Captured;

#[test]
fn authorize_urls_have_the_documented_parameters_encoded() {
    let client = ImitatedWeika::new()
        .builder()
        .scope(MemberScope::Sso)
        .build();
    let client = client.unwrap();
    let back = "https://campus.example/回调?a=b&c";
    let encoded = "https%3A%2F%2Fcampus.example%2F%E5%9B%9E%E8%B0%83%3Fa%3Db%26c";
    assert_eq!(
        client.h5_authorize_url(back, "S+/"),
        format!(
            "https://open.wecard.qq.com/connect/oauth/authorize?app_key=KEY&response_type=code\
             &scope=snsapi_sso&ocode=1014714333&redirect_uri={encoded}&state=S%2B%2F"
        )
    );
    assert_eq!(
        client.pc_authorize_url(back, "S"),
        format!(
            "https://open.wecard.qq.com/connect/oauth/pc-authorize?app_key=KEY&response_type=code\
             &scope=snsapi_sso&ocode=1014714333&redirect_uri={encoded}&connect=curLogin&state=S"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn code_becomes_a_member_with_the_documented_calls() {
    let upstream = ImitatedWeika::new().at(INFO, [MEMBER]);
    let member = upstream.client().member(code(), BACK).await.unwrap();
    assert_eq!(
        (member.subject(), &*member.name),
        ("1014714333:20230042", "王")
    );
    let token = format!(
        r#"{{"wxcode":"c0de","app_key":"KEY","app_secret":"app-s3cr3t","grant_type":"authorization_code","redirect_uri":"{BACK}"}}"#
    );
    let info = r#"{"access_token":"t0ken-1"}"#.to_owned();
    assert_eq!(
        upstream.calls(),
        [(TOKEN.to_owned(), token), (INFO.to_owned(), info)]
    );
}

#[tokio::test(start_paused = true)]
async fn token_response_without_a_token_is_always_a_failure() {
    for (reply, kind) in [
        (r#"{"errcode":0,"errmsg":"success"}"#, ErrorKind::Malformed),
        (
            r#"{"token_type":"bearer","expires_in":7200}"#,
            ErrorKind::Malformed,
        ),
        (
            r#"{"access_token":"","ocode":"1014714333"}"#,
            ErrorKind::Malformed,
        ),
        (r#"{"access_token":7}"#, ErrorKind::Malformed),
        (
            r#"{"errcode":"00","access_token":"t0ken"}"#,
            ErrorKind::Malformed,
        ),
        (
            r#"{"errcode":null,"access_token":"t0ken"}"#,
            ErrorKind::Malformed,
        ),
        (r#"[]"#, ErrorKind::Malformed),
        (r#"{"errcode":"40003"}"#, ErrorKind::InvalidCode),
        (
            r#"{"errcode":40003,"access_token":"t0ken"}"#,
            ErrorKind::InvalidCode,
        ),
        (r#"{"errcode":40001}"#, ErrorKind::Configuration),
        (r#"{"errcode":40008}"#, ErrorKind::Denied),
        (r#"{"errcode":40002}"#, ErrorKind::Fault),
        (r#"{"errcode":-1}"#, ErrorKind::Fault),
        (
            r#"{"error":"invalid_grant","error_description":"c0de"}"#,
            ErrorKind::InvalidCode,
        ),
        (r#"{"error":"invalid_client"}"#, ErrorKind::Configuration),
        (
            r#"{"error":"other","access_token":"t0ken"}"#,
            ErrorKind::Fault,
        ),
        (r#"{"access_token":"t0ken","ocode":"1"}"#, ErrorKind::Denied),
    ] {
        let upstream = ImitatedWeika::new().at(TOKEN, [Reply::Json(reply)]);
        assert_eq!(failure(&upstream).await.kind(), kind, "{reply}");
        assert_eq!(upstream.calls().len(), 1, "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn token_responses_of_every_documented_form_are_accepted() {
    for reply in [
        r#"{"access_token":"t","refresh_token":"r3fresh","token_type":"bearer","expires_in":7200,"ocode":"1014714333"}"#,
        r#"{"errcode":"0","access_token":"t","expires_in":"7200"}"#,
        r#"{"access_token":"t","ocode":1014714333,"error":""}"#,
        r#"{"data":{"access_token":"t","ocode":"1014714333"}}"#,
    ] {
        let upstream = ImitatedWeika::new()
            .at(TOKEN, [Reply::Json(reply)])
            .at(INFO, [MEMBER]);
        assert!(
            upstream.client().member(code(), BACK).await.is_ok(),
            "{reply}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn user_info_fails_closed() {
    for (reply, kind) in [
        (
            Reply::Json(r#"{"ocode":"1014714333","card_number":"1"}"#),
            ErrorKind::Malformed,
        ),
        (
            Reply::Json(r#"{"errcode":0,"ocode":"1014714333"}"#),
            ErrorKind::Malformed,
        ),
        (
            Reply::Json(r#"{"errcode":0,"card_number":"1"}"#),
            ErrorKind::Malformed,
        ),
        (
            Reply::Json(r#"{"errcode":0,"ocode":"1014714334","card_number":"1"}"#),
            ErrorKind::Denied,
        ),
        (
            Reply::Json(r#"{"errcode":0.0,"ocode":"1014714333","card_number":"1"}"#),
            ErrorKind::Malformed,
        ),
        (
            Reply::Json(r#"{"error":"access_denied"}"#),
            ErrorKind::Denied,
        ),
        (Reply::Json(r#"{"errcode":40008}"#), ErrorKind::Denied),
        (Reply::Json(r#"{"errcode":40007}"#), ErrorKind::Denied),
        // The token is new, and no code is sent.
        (Reply::Json(r#"{"errcode":40002}"#), ErrorKind::Fault),
        (Reply::Json(r#"{"errcode":40003}"#), ErrorKind::Fault),
        (Reply::Status(502), ErrorKind::Fault),
        (Reply::Status(302), ErrorKind::Malformed),
        (Reply::Reset, ErrorKind::Lost),
        (Reply::Hang, ErrorKind::Timeout),
    ] {
        let upstream = ImitatedWeika::new().at(INFO, [reply]);
        assert_eq!(failure(&upstream).await.kind(), kind);
        assert_eq!(
            (upstream.count(TOKEN), upstream.count(INFO)),
            (1, 1),
            "{kind:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_is_sent_again_only_after_a_failed_connection() {
    let upstream = ImitatedWeika::new()
        .at(TOKEN, [Reply::NotSent])
        .at(INFO, [Reply::NotSent, MEMBER]);
    assert!(upstream.client().member(code(), BACK).await.is_ok());
    let upstream = ImitatedWeika::new().at(TOKEN, [Reply::NotSent, Reply::NotSent]);
    assert_eq!(failure(&upstream).await.kind(), ErrorKind::Connect);
    assert_eq!(upstream.calls().len(), 2);
    // The code is consumed: only another login can succeed.
    let upstream = ImitatedWeika::new().at(INFO, [Reply::NotSent, Reply::NotSent]);
    assert_eq!(failure(&upstream).await.kind(), ErrorKind::Lost);
    for reply in [Reply::Reset, Reply::Hang] {
        let upstream = ImitatedWeika::new().at(TOKEN, [reply]);
        failure(&upstream).await;
        assert_eq!(upstream.calls().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn exchange_is_a_service() {
    let upstream = ImitatedWeika::new().at(INFO, [MEMBER]);
    let mut client = upstream.client();
    let request = (code(), BACK.into());
    let member = client.ready().await.unwrap().call(request).await;
    assert_eq!(member.unwrap().card_number(), "20230042");
}

#[tokio::test(start_paused = true)]
async fn one_permit_covers_both_calls() {
    let upstream = ImitatedWeika::new().at(INFO, [Reply::Hang]);
    let client = upstream
        .builder()
        .base_url("https://permits.member.example")
        .max_calls(1)
        .build()
        .unwrap();
    let call = client.member(code(), BACK);
    let mut call = tokio_test::task::spawn(call);
    while upstream.count(INFO) == 0 {
        assert!(call.poll().is_pending());
        tokio::task::yield_now().await;
    }
    assert_eq!(client.permits().available(), 0);
    drop(call);
    assert_eq!(client.permits().available(), 1);
}

#[tokio::test(start_paused = true)]
async fn e7_no_secret_and_no_card_number_is_logged_at_any_level() {
    let log = Captured::new();
    let echo = r#"{"errcode":1,"errmsg":"t0ken-1 c0de app-s3cr3t 20230042"}"#;
    let odd =
        r#"{"errcode":0,"ocode":"1014714333","card_number":"20230042","name":{"a":"20230042"}}"#;
    for reply in [
        MEMBER,
        Reply::Json(echo),
        Reply::Json(odd),
        Reply::Reset,
        Reply::Hang,
    ] {
        let upstream = ImitatedWeika::new().at(INFO, [reply]);
        drop(upstream.client().member(code(), BACK).await);
    }
    failure(&ImitatedWeika::new().at(TOKEN, [Reply::Json(echo)])).await;
    let lines = log.text();
    assert!(lines.contains("member ignored"), "{lines}");
    for secret in ["t0ken", "c0de", "s3cr3t", "r3fresh", "20230042"] {
        assert!(!lines.contains(secret), "{lines}");
    }
}
