//! Weika's documented responses, and each variation of them.

use std::time::Duration;

use super::*;
use crate::support::ManualClock;

fn hand() -> ManualClock {
    ManualClock::new(1_700_000_000)
}

#[tokio::test]
async fn access_token_answers_field_by_field() {
    let sandbox = Sandbox::start().await.unwrap();
    let answer = post(&sandbox, TOKEN, &credentials(&sandbox)).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(token.len(), 157);
    assert_eq!(
        body,
        json!({ "errcode": 0, "errmsg": "success", "access_token": token, "expires_in": 7200 })
    );
    assert_eq!(sandbox.call_log().tokens_issued(), 1);
}

#[tokio::test]
async fn manager_info_answers_field_by_field() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wxcode("wang").unwrap();
    let school = json!({
        "school_code": "1000000001",
        "school_name": "示例大学",
        "host": "https://uni.weixiao.qq.com",
    });
    assert_eq!(
        manager_info(&sandbox, &code).await,
        json!({
            "errcode": 0,
            "errmsg": "success",
            "user_id": "oSandboxWang0000000000000001",
            "name": "王老师",
            "schools": [school, {}],
            "manager_real_info": { "card_number": "T20180001", "name": "王小明", "identity_type": "3" },
            "media_info": { "app_id": "wx0000000000000001", "media_id": "gh_000000000001" },
            "cur_school": school,
            "role_id": 1,
            "parent_id": 0,
        })
    );
}

#[tokio::test]
async fn absent_data_of_a_manager_is_absent() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wxcode("zhao").unwrap();
    assert_eq!(
        manager_info(&sandbox, &code).await,
        json!({
            "errcode": 0,
            "errmsg": "success",
            "user_id": "oSandboxZhao0000000000000004",
            "name": "赵工",
            "schools": [{}],
            "role_id": 9,
            "parent_id": 0,
        })
    );
}

#[tokio::test]
async fn school_info_answers_for_the_school_that_is_named() {
    let sandbox = Sandbox::start().await.unwrap();
    let target = format!("{SCHOOL}?access_token={}", token(&sandbox).await);
    let answer = post(&sandbox, &target, &json!({ "school_code": "1000000002" }))
        .await
        .unwrap();
    assert_eq!(
        answer.json(),
        json!({
            "errcode": 0,
            "errmsg": "success",
            "name": "示例职业技术学院",
            "badge": "//sandbox.invalid/badge.png",
            "manage_logo": "//sandbox.invalid/logo.png",
            "local_host": "https://open.wecard.qq.com",
            "local_deploy": 1,
            "gate_host": "https://open.wecard.qq.com",
        })
    );
    let first = post(&sandbox, &target, &json!({})).await.unwrap().json();
    assert_eq!(first["name"], "示例大学");
    let unknown = post(&sandbox, &target, &json!({ "school_code": "9" }))
        .await
        .unwrap()
        .json();
    assert_eq!(unknown["errcode"], 40006);
}

#[tokio::test]
async fn code_is_exchanged_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wxcode("li").unwrap();
    assert_eq!(manager_info(&sandbox, &code).await["errcode"], 0);
    assert_eq!(manager_info(&sandbox, &code).await, invalid_code());
    assert_eq!(manager_info(&sandbox, "123").await, invalid_code());
    let call_log = sandbox.call_log();
    assert_eq!(
        (call_log.codes_exchanged(), call_log.codes_refused()),
        (1, 2)
    );
    assert_eq!(call_log.max_uses_of_one_code(), 2);
    assert_eq!(
        call_log.entries().last().unwrap().outcome,
        Outcome::Refused(6001)
    );
}

#[tokio::test]
async fn code_expires_after_five_minutes() {
    let hand = hand();
    let sandbox = Sandbox::builder().clock(hand.now()).start().await.unwrap();
    let (early, late) = (
        sandbox.issue_wxcode("li").unwrap(),
        sandbox.issue_wxcode("li").unwrap(),
    );
    hand.advance(Duration::from_millis(299_999));
    assert_eq!(manager_info(&sandbox, &early).await["errcode"], 0);
    hand.advance(Duration::from_millis(1));
    assert_eq!(manager_info(&sandbox, &late).await, invalid_code());
}

#[tokio::test]
async fn code_of_another_application_is_refused_and_not_consumed() {
    let sandbox = Sandbox::builder()
        .app("KEY1", "s1")
        .app("KEY2", "s2")
        .start()
        .await
        .unwrap();
    let code = sandbox.issue_wxcode("wang").unwrap();
    let other = post(
        &sandbox,
        TOKEN,
        &json!({ "app_key": "KEY2", "app_secret": "s2" }),
    )
    .await
    .unwrap()
    .json();
    let target = format!(
        "{INFO}?access_token={}",
        other["access_token"].as_str().unwrap()
    );
    let foreign = post(&sandbox, &target, &json!({ "wxcode": code }))
        .await
        .unwrap()
        .json();
    assert_eq!(foreign, invalid_code());
    assert_eq!(manager_info(&sandbox, &code).await["errcode"], 0);
}

#[tokio::test]
async fn wrong_credentials_and_parameters_have_their_codes() {
    let sandbox = Sandbox::start().await.unwrap();
    let (key, secret) = (sandbox.app_key(), sandbox.app_secret());
    for (body, errcode) in [
        (json!({ "app_key": key, "app_secret": "wrong" }), 40001),
        (json!({ "app_key": "wrong", "app_secret": secret }), 40001),
        (json!({ "app_key": key }), 40009),
        (json!({ "app_key": key, "app_secret": "" }), 40009),
        (json!({ "app_key": key, "app_secret": 7 }), 40010),
        (json!([]), 40010),
    ] {
        let answer = post(&sandbox, TOKEN, &body).await.unwrap();
        assert_eq!(
            (answer.status, &answer.json()["errcode"]),
            (200, &json!(errcode)),
            "{body}"
        );
    }
    let form = format!("app_key={key}&app_secret={secret}");
    let answer = post_as(&sandbox, TOKEN, "application/x-www-form-urlencoded", &form)
        .await
        .unwrap();
    assert_eq!(answer.json()["errcode"], 40009);
    assert_eq!(sandbox.call_log().tokens_issued(), 0);
}

#[tokio::test]
async fn tokens_expire_are_replaced_and_can_be_unknown() {
    let hand = hand();
    let sandbox = Sandbox::builder().clock(hand.now()).start().await.unwrap();
    let first = token(&sandbox).await;
    let code = sandbox.issue_wxcode("wang").unwrap();
    let ask = async |token: &str| {
        let target = format!("{INFO}?access_token={token}");
        post(&sandbox, &target, &json!({ "wxcode": code }))
            .await
            .unwrap()
            .json()["errcode"]
            .clone()
    };
    assert_eq!(ask("").await, 40009);
    assert_eq!(ask("never").await, 40005);
    let second = token(&sandbox).await;
    hand.advance(Duration::from_secs(300));
    assert_eq!(ask(&first).await, 40005, "replaced");
    hand.advance(Duration::from_secs(6_900));
    assert_eq!(ask(&second).await, 40002, "expired");
    let third = token(&sandbox).await;
    sandbox.revoke_tokens();
    assert_eq!(ask(&third).await, 40005, "revoked");
    assert_eq!(
        sandbox.call_log().code_uses(),
        [CodeUses::default()],
        "a token error code_uses no code"
    );
}

#[tokio::test]
async fn quirks_reach_the_wire_while_it_runs() {
    let sandbox = Sandbox::start().await.unwrap();
    let variations = sandbox.variations();
    variations.on(Variation::ContentType(ContentTypeForm::TextPlain));
    variations.on(Variation::ByteOrderMark);
    variations.on(Variation::Errcode(ErrcodeForm::String));
    variations.on(Variation::NumbersAsStrings);
    let answer = post(&sandbox, TOKEN, &credentials(&sandbox)).await.unwrap();
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let text = String::from_utf8(answer.body).unwrap();
    let body: Value = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap()).unwrap();
    assert_eq!(
        (&body["errcode"], &body["expires_in"]),
        (&json!("0"), &json!("7200"))
    );
    variations.clear();
    variations.on(Variation::EscapedUnicode);
    variations.on(Variation::EscapedSlashes);
    let target = format!("{INFO}?access_token={}", token(&sandbox).await);
    let code = sandbox.issue_wxcode("chen").unwrap();
    let answer = post(&sandbox, &target, &json!({ "wxcode": code }))
        .await
        .unwrap();
    assert_eq!(answer.json()["name"], "陈晨🌸 <Chen & Co>");
    assert!(answer.body.is_ascii());
    assert!(
        String::from_utf8(answer.body)
            .unwrap()
            .contains(r"https:\/\/uni.weixiao.qq.com")
    );
}

#[tokio::test]
async fn ledger_counts_calls_and_hosts_and_keeps_no_secret() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wxcode("wang").unwrap();
    let token = token(&sandbox).await;
    let target = format!("{INFO}?access_token={token}");
    post(&sandbox, &target, &json!({ "wxcode": code }))
        .await
        .unwrap();
    let call_log = sandbox.call_log();
    assert_eq!(
        (
            call_log.count(Endpoint::AccessToken),
            call_log.count(Endpoint::ManagerInfo)
        ),
        (1, 1)
    );
    assert_eq!(call_log.count(Endpoint::ManagerConnect), 0);
    assert_eq!(
        call_log.hosts().into_iter().collect::<Vec<_>>(),
        [("weika.test".to_owned(), 2)]
    );
    assert_eq!(
        (call_log.codes_issued(), call_log.max_uses_of_one_code()),
        (1, 1)
    );
    let shown = format!("{call_log:?} {sandbox:?}");
    assert!(
        [&*code, &*token, sandbox.app_secret()]
            .iter()
            .all(|it| !shown.contains(it))
    );
}
