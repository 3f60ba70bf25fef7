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
    assert_eq!(account.owner(), "第一中学教育有限公司");
    assert_eq!(
        (account.kind(), account.kind_number()),
        (Some(AccountKind::Service), Some(2))
    );
    assert_eq!(account.app_id(), "wx0123456789abcdef");
    assert_eq!(account.auth_url(), Some(LINK));
    assert_eq!(account.head_image(), "http://wx.qlogo.cn/mmopen/head/0");
    assert_eq!(account.name(), "第一中学");
    assert_eq!(account.original_id(), "gh_0123456789ab");
    assert!(account.auto_login());
    assert_eq!(account.qr_image(), "http://mmbiz.qpic.cn/mmbiz_jpg/code/0");
    assert!(account.can_web_oauth());
}

#[tokio::test]
async fn what_wechat_says_is_read_field_for_field() {
    let account = account(authorized()).await;
    let info = account.info().unwrap();
    assert_eq!(info.nick_name(), "第一中学");
    assert_eq!(info.head_image(), "http://wx.qlogo.cn/mmopen/head/0");
    assert_eq!(info.service_type_id(), Some(2));
    assert_eq!((info.verify_type_id(), info.is_verified()), (Some(0), true));
    assert_eq!(info.user_name(), "gh_0123456789ab");
    assert_eq!(info.alias(), "first-school");
    assert_eq!(info.qr_image(), "http://mmbiz.qpic.cn/mmbiz_jpg/code/0");
    assert_eq!(
        info.business_info(),
        Some(&BusinessInfo {
            open_pay: true,
            ..BusinessInfo::default()
        })
    );
    assert_eq!(info.idc(), Some(1));
    assert_eq!(info.principal_name(), "第一中学教育有限公司");
    assert_eq!(info.signature(), "一所学校。");
    assert_eq!(
        (info.state(), info.state_number()),
        (Some(AccountState::Normal), Some(1))
    );
    assert_eq!(info.app_id(), "wx0123456789abcdef");
    let asks = Confirmation {
        need_confirm: true,
        already_confirm: false,
        can_confirm: true,
    };
    let expected = [
        Permission::new(1).with_confirmation(asks),
        Permission::new(4),
        Permission::new(23).with_confirmation(Confirmation::default()),
    ];
    assert_eq!(info.permissions(), expected);
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
