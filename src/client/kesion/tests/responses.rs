//! The documented responses, field for field, and their outcomes.

use super::*;

const LINK: &str = "http://www.school.example/plus/auth_url?schoolid=5";

/// A client that is allowed the link of the documented answers.
fn over_http(answer: Value) -> KesionClient {
    let builder = FarEnd::new([answer.into()]).builder();
    builder
        .allow_http()
        .allow_host("http://www.school.example")
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_documented_account_is_read_field_for_field() {
    let outcome = ask(&over_http(authorized())).await.unwrap();
    let account = outcome.account().unwrap();
    assert_eq!(account.owner, "第一中学教育有限公司");
    assert_eq!(
        (account.kind(), account.kind_number),
        (Some(AccountKind::Service), Some(2))
    );
    assert_eq!(account.app_id, "wx0123456789abcdef");
    assert_eq!(account.auth_url.as_deref(), Some(LINK));
    assert_eq!(account.head_image, "http://wx.qlogo.cn/mmopen/head/0");
    assert_eq!(account.name, "第一中学");
    assert_eq!(account.original_id, "gh_0123456789ab");
    assert!(account.auto_login);
    assert_eq!(account.qr_image, "http://mmbiz.qpic.cn/mmbiz_jpg/code/0");
    assert!(account.can_web_oauth());
}

#[tokio::test]
async fn description_of_wechat_is_kept_and_its_state_is_read() {
    let account = account(authorized()).await;
    let info = account.info.as_ref().unwrap();
    assert_eq!((info.verify_type_id, info.is_verified()), (Some(0), true));
    assert_eq!(
        (info.state(), info.account_status),
        (Some(AccountState::Normal), Some(1))
    );
    let mut expected = authorized()["info"].take();
    let authorization = expected["authorization_info"].as_object_mut().unwrap();
    authorization.remove("authorizer_refresh_token").unwrap();
    assert_eq!(info.raw, expected);
}

#[tokio::test]
async fn the_refresh_token_is_kept_nowhere() {
    let outcome = read(authorized()).await.unwrap();
    assert!(!format!("{outcome:?}").contains("refresh"), "{outcome:?}");
    assert!(!format!("{outcome:#?}").contains("s3cr3t"));
}

#[tokio::test]
async fn a_school_without_an_account_has_a_link_to_authorize_one() {
    let outcome = ask(&over_http(not_authorized())).await.unwrap();
    assert_eq!(
        outcome,
        AccountAuthorization::NotAuthorized {
            auth_url: Some(LINK.to_owned())
        }
    );
}

#[tokio::test]
async fn a_school_for_which_the_platform_is_not_open_has_nothing() {
    let answer = json!({ "returnCode": 3001, "result": false, "msg": "没有开通第三方公众号授权" });
    assert_eq!(read(answer).await.unwrap(), AccountAuthorization::NotOpened);
}

#[tokio::test]
async fn wechats_own_complaint_about_its_token_is_busy() {
    let answer =
        json!({ "msg": "access_token missing rid: 00000000-00000000-00000000", "result": false });
    assert_eq!(kind(answer).await, ErrorKind::Busy);
    let answer = json!({ "msg": "invalid credential, access_token is invalid or not latest", "result": false });
    assert_eq!(kind(answer).await, ErrorKind::Busy);
}

#[tokio::test]
async fn failure_without_an_error_code_is_a_fault() {
    for answer in [
        json!({ "result": false }),
        json!({ "result": false, "msg": "登录失效" }),
        json!({ "result": false, "msg": null, "returnCode": null }),
        json!({ "result": false, "returnCode": 0 }),
        json!({ "result": false, "msg": ["access_token"] }),
    ] {
        assert_eq!(kind(answer.clone()).await, ErrorKind::Fault, "{answer}");
    }
}
