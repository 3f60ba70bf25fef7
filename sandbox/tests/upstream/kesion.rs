//! Kesion's lookup: the documented responses, member for member.

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

async fn look_up(sandbox: &Sandbox) -> Value {
    let answer = post_as(
        sandbox,
        LOOKUP,
        FORM,
        &format!("apptoken={}", sandbox.apptoken()),
    )
    .await
    .unwrap();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    answer.json()
}

/// The names of all members, with their paths and types.
fn shape(value: &Value, path: &str, found: &mut Vec<String>) {
    let kind = match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, value)| shape(value, &format!("{path}.{name}"), found));
            "object"
        }
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(at, value)| shape(value, &format!("{path}.{at}"), found));
            "array"
        }
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Null => "null",
    };
    found.push(format!("{path} {kind}"));
}

#[tokio::test]
async fn authorized_account_is_shown_field_by_field() {
    let sandbox = Sandbox::start().await.unwrap();
    let answer = look_up(&sandbox).await;
    let plain = |id: i64| json!({ "funcscope_category": { "id": id } });
    let confirm = |id: i64, need: i64, can: i64| {
        let confirm = json!({ "need_confirm": need, "already_confirm": 0, "can_confirm": can });
        json!({ "funcscope_category": { "id": id }, "confirm_info": confirm })
    };
    let permissions = answer["info"]["authorization_info"]["func_info"]
        .as_array()
        .unwrap();
    assert_eq!(permissions.len(), 28);
    for expected in [
        confirm(1, 1, 1),
        confirm(8, 1, 0),
        confirm(44, 0, 0),
        plain(4),
        plain(89),
    ] {
        assert!(permissions.contains(&expected), "{expected}");
    }
    let auth_url = format!("{}/plus/auth_url?schoolid=5", sandbox.base_url());
    assert_eq!(
        answer,
        json!({
            "openname": "示例大学",
            "weixintype": "2",
            "appid": sandbox.app_id(),
            "auth_url": auth_url,
            "url": "http://wx.sandbox.invalid/mmopen/school/0",
            "msg": "success",
            "weixinname": "示例大学校园服务",
            "weixinopenid": "gh_000000000001",
            "iswechatautologin": 0,
            "info": {
                "authorizer_info": {
                    "nick_name": "示例大学校园服务",
                    "head_img": "http://wx.sandbox.invalid/mmopen/school/0",
                    "service_type_info": { "id": 2 },
                    "verify_type_info": { "id": 0 },
                    "user_name": "gh_000000000001",
                    "alias": "sandboxschool",
                    "qrcode_url": "http://mmbiz.sandbox.invalid/mmbiz_jpg/school/0",
                    "business_info": { "open_pay": 1, "open_shake": 0, "open_scan": 0, "open_card": 0, "open_store": 0 },
                    "idc": 1,
                    "principal_name": "示例大学",
                    "signature": "沙箱里的公众号，仅供开发和测试。",
                    "account_status": 1,
                },
                "authorization_info": {
                    "authorizer_appid": sandbox.app_id(),
                    "authorizer_refresh_token": sandbox.refresh_token(),
                    "func_info": permissions,
                },
            },
            "result": true,
            "ercodeimg": "http://mmbiz.sandbox.invalid/mmbiz_jpg/school/0",
        })
    );
    assert_eq!(
        sandbox.call_log().entries().last().unwrap().outcome,
        Outcome::Answered
    );
    assert_eq!(
        answer["appid"], "wx0000000000000001",
        "the media_info of wang's school"
    );
}

#[tokio::test]
async fn account_can_be_of_another_kind() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut usual = Vec::new();
    shape(&look_up(&sandbox).await, "", &mut usual);
    sandbox.set_kesion_auto_login(true);
    sandbox.set_kesion_account_type(1);
    sandbox.set_kesion_verified(false);
    let answer = look_up(&sandbox).await;
    assert_eq!(
        (&answer["iswechatautologin"], &answer["weixintype"]),
        (&json!(1), &json!("1"))
    );
    let info = &answer["info"]["authorizer_info"];
    assert_eq!(
        (
            &info["service_type_info"]["id"],
            &info["verify_type_info"]["id"]
        ),
        (&json!(1), &json!(-1))
    );
    let mut other = Vec::new();
    shape(&answer, "", &mut other);
    assert_eq!(other, usual);
}

#[tokio::test]
async fn every_other_state_has_its_answer() {
    let sandbox = Sandbox::start().await.unwrap();
    let auth_url = format!("{}/plus/auth_url?schoolid=5", sandbox.base_url());
    for (state, expected, number) in [
        (
            KesionState::NotAuthorized,
            json!({ "auth_url": auth_url, "returnCode": 3002, "result": false, "msg": "对不起,公众号还未授权!" }),
            3002,
        ),
        (
            KesionState::NotOpened,
            json!({ "returnCode": 3001, "result": false, "msg": "对不起,没有开通第三方公众号授权!" }),
            3001,
        ),
        (
            KesionState::Failing,
            json!({ "result": false, "msg": "access_token missing rid: 632bc26a-1f8e3c5d-7a90b1c2" }),
            -1,
        ),
    ] {
        sandbox.set_kesion(state);
        assert_eq!(look_up(&sandbox).await, expected);
        assert_eq!(
            sandbox.call_log().entries().last().unwrap().outcome,
            Outcome::Refused(number)
        );
    }
}

#[tokio::test]
async fn token_may_be_in_a_form_in_json_or_in_the_query() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = sandbox.apptoken();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let wrong = json!({ "result": false, "msg": "apptoken无效" });
    for (target, content_type, body, good) in [
        (LOOKUP.to_owned(), FORM, format!("apptoken={token}"), true),
        (
            LOOKUP.to_owned(),
            "application/json; charset=utf-8",
            json!({ "apptoken": token }).to_string(),
            true,
        ),
        (
            format!("{LOOKUP}?apptoken={token}"),
            FORM,
            String::new(),
            true,
        ),
        (
            format!("{LOOKUP}?apptoken={token}"),
            "application/json",
            "{}".to_owned(),
            true,
        ),
        (LOOKUP.to_owned(), FORM, "apptoken=wrong".to_owned(), false),
        (LOOKUP.to_owned(), FORM, String::new(), false),
        (
            LOOKUP.to_owned(),
            FORM,
            json!({ "apptoken": token }).to_string(),
            false,
        ),
    ] {
        let answer = post_as(&sandbox, &target, content_type, &body)
            .await
            .unwrap()
            .json();
        assert_eq!(answer["result"], good, "{target} {body}");
        assert!(good || answer == wrong);
    }
    assert_eq!(
        get(&sandbox, &format!("{LOOKUP}?apptoken={token}"))
            .await
            .unwrap()
            .status,
        405
    );
}

#[tokio::test]
async fn path_is_found_in_any_case() {
    let sandbox = Sandbox::start().await.unwrap();
    for path in [
        "/WebApi/school/GetWeixinAuthInfo",
        "/webapi/SCHOOL/getweixinauthinfo",
    ] {
        let body = format!("apptoken={}", sandbox.apptoken());
        assert_eq!(
            post_as(&sandbox, path, FORM, &body).await.unwrap().json()["result"],
            true,
            "{path}"
        );
    }
    assert_eq!(sandbox.call_log().count(Endpoint::OfficialAccount), 2);
    assert_eq!(
        post(&sandbox, "/APP/wx/openId", &json!({}))
            .await
            .unwrap()
            .status,
        404
    );
}

#[tokio::test]
async fn apikey_is_required_only_if_configured() {
    let sandbox = Sandbox::builder().apikey("key").start().await.unwrap();
    let token = sandbox.apptoken();
    for (body, good) in [
        (format!("apptoken={token}&apikey=key"), true),
        (format!("apptoken={token}&apikey=other"), false),
    ] {
        let answer = post_as(&sandbox, LOOKUP, FORM, &body).await.unwrap().json();
        assert_eq!(answer["result"], good);
        assert!(good || answer["msg"] == "apikey无效");
    }
    assert_eq!(
        look_up(&sandbox).await,
        json!({ "result": false, "msg": "apikey无效" })
    );
}

#[tokio::test]
async fn administrator_authorizes_the_account_with_a_button() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_kesion(KesionState::NotAuthorized);
    let auth_url = look_up(&sandbox).await["auth_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let browser = Browser::new();
    let page = browser.get(&auth_url).await.unwrap();
    assert!(
        page.text().contains("公众号还未授权")
            && page.text().contains("data-switch=\"kesion:authorized\"")
    );
    let after = browser.post(&auth_url, "").await.unwrap();
    assert_eq!(
        (after.hops()[0].status.as_u16(), after.url()),
        (303, auth_url.as_str())
    );
    assert!(after.text().contains("公众号已授权"));
    assert_eq!(look_up(&sandbox).await["result"], true);
    sandbox.set_kesion(KesionState::NotOpened);
    let page = browser.post(&auth_url, "").await.unwrap();
    assert!(!page.text().contains("data-switch"));
    assert_eq!(look_up(&sandbox).await["returnCode"], 3001);
}
