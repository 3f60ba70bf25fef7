//! Every documented response of every upstream call, in the form that the documentation prints, and
//! the result that it yields. The order is that of `protocols.md` part 1; names and values are made
//! up.
//!
//! The members, their types and their inconsistencies are those of the documentation: `errcode` is
//! a number in a success and a string in a rejection, a school is `{}`, `weixintype` is declared a
//! number and printed as a string.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tower::service_fn;
use tower_weika::client::Transport;
use tower_weika::client::binding::BindingClient;
use tower_weika::client::kesion::KesionClient;
use tower_weika::client::wechat::WechatClient;
use tower_weika::client::weika::WeikaClient;
use tower_weika::client::weika_member::WeikaMemberClient;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::identity::{
    AccountAuthorization, Binding, Identity, Manager, Member, MemberField, WechatUser,
};
use tower_weika::{AppToken, AuthorizationCode, Error};

/// An upstream with the same response to every call, except Weika's token call, whose response is
/// that of the documentation.
fn upstream(response: &(impl ToString + ?Sized)) -> Transport {
    let response = response.to_string();
    Transport::new(service_fn(move |request: Request<Full<Bytes>>| {
        let token =
            json!({ "errcode": 0, "errmsg": "success", "access_token": "t", "expires_in": 7200 });
        let is_other = request.uri().path() != "/open/cgi-bin/access-token";
        let body = if is_other {
            response.clone()
        } else {
            token.to_string()
        };
        async move { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(body))) }
    }))
}

fn failed(error: &Error) -> String {
    match error.upstream_code() {
        Some(code) => format!("{:?} {code}", error.kind()),
        None => format!("{:?}", error.kind()),
    }
}

async fn token(response: &(impl ToString + ?Sized)) -> String {
    let response = response.to_string();
    let transport = Transport::new(service_fn(move |_: Request<Full<Bytes>>| {
        let response = response.clone();
        async move { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(response))) }
    }));
    let weika = WeikaClient::builder("KEY", "s")
        .transport(transport)
        .build()
        .expect("a client");
    match weika.fetch_access_token().await {
        Ok(issued) => format!("{} for {:?}", issued.token().expose(), issued.lifetime()),
        Err(error) => failed(&error),
    }
}

async fn manager(response: &(impl ToString + ?Sized)) -> String {
    let weika = WeikaClient::builder("KEY", "s")
        .transport(upstream(response))
        .build()
        .expect("a client");
    weika
        .manager(AuthorizationCode::new("c"))
        .await
        .map_or_else(|error| failed(&error), |it| shown_manager(&it))
}

fn shown_manager(manager: &Manager) -> String {
    let mut text = format!("{} {}", manager.user_id, manager.name);
    for school in &manager.schools {
        let _infallible = write!(text, ", {} {} {:?}", school.code, school.name, school.host);
    }
    let current = manager.current_school().map(|school| &school.code);
    let real = manager
        .real_info
        .as_ref()
        .map(|it| (&it.card_number, &it.name, &it.identity_type));
    let media = manager
        .media_info
        .as_ref()
        .map(|it| (&it.app_id, &it.media_id));
    text + &format!(
        ", {current:?} {real:?} {media:?} {:?} {:?}",
        manager.role_id, manager.parent_id
    )
}

async fn account(response: &(impl ToString + ?Sized)) -> String {
    let kesion = KesionClient::builder("http://kesion.example")
        .allow_http()
        .transport(upstream(response));
    match kesion
        .build()
        .expect("a client")
        .official_account(&AppToken::new("t"))
        .await
    {
        Ok(AccountAuthorization::Authorized(account)) => format!(
            "{} {} {} {} {:?} {:?} auto {} web {} {}",
            account.app_id,
            account.original_id,
            account.name,
            account.owner,
            account.kind(),
            account.auth_url,
            account.auto_login,
            account.can_web_oauth(),
            account.info.as_ref().map_or(0, |info| {
                let granted = &info.raw["authorization_info"]["func_info"];
                granted.as_array().map_or(0, Vec::len)
            }),
        ),
        Ok(AccountAuthorization::NotAuthorized { auth_url }) => {
            format!("not authorized {auth_url:?}")
        }
        Ok(other) => format!("{other:?}"),
        Err(error) => failed(&error),
    }
}

async fn binding(response: &(impl ToString + ?Sized)) -> String {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_000_000)).clock();
    let binding = BindingClient::builder("https://binding.example")
        .clock(clock)
        .transport(upstream(response));
    let checked = binding
        .build()
        .expect("a client")
        .check("wx1", AuthorizationCode::new("c"))
        .await;
    checked.map_or_else(|error| failed(&error), |it| shown_user(&it))
}

async fn wechat(response: &(impl ToString + ?Sized)) -> String {
    let wechat = WechatClient::builder("wx1", "s").transport(upstream(response));
    let user = wechat
        .build()
        .expect("a client")
        .user(AuthorizationCode::new("c"))
        .await;
    user.map_or_else(
        |error| failed(&error),
        |user| {
            assert!(matches!(user.binding, Binding::Unchecked) && !user.is_snapshot_user);
            let union_id = user.union_id.as_ref().map(|it| it.as_str());
            format!("{} {union_id:?}", user.subject())
        },
    )
}

fn shown_user(user: &WechatUser) -> String {
    let left = user
        .expires_at()
        .map(|end| end.since(Timestamp::from_unix_seconds(1_000_000)));
    format!(
        "{} of {} {:?} {left:?}",
        user.open_id,
        user.app_id,
        user.bearer().map(|token| token.expose())
    )
}

#[tokio::test]
async fn weika_step_2_access_token() {
    let success =
        json!({ "errcode": 0, "errmsg": "success", "access_token": "xxxx", "expires_in": 7200 });
    assert_eq!(
        token(&success).await,
        format!("xxxx for {:?}", Some(Duration::from_secs(7200)))
    );
    for (code, becomes) in [
        (40001, "Configuration 40001"),
        (40006, "Configuration 40006"),
        (40009, "Fault 40009"),
        (40010, "Fault 40010"),
        (40018, "Configuration 40018"),
        // Errors of the application and not of a user: no restarted login, no page that rejects the
        // user.
        (40002, "Fault 40002"),
        (40003, "Fault 40003"),
        (40005, "Fault 40005"),
        (40008, "Configuration 40008"),
    ] {
        assert_eq!(
            token(&json!({ "errcode": code, "errmsg": "…" })).await,
            becomes
        );
    }
}

#[tokio::test(start_paused = true)]
async fn weika_step_3_manager_info() {
    let full = json!({
        "errcode": 0,
        "errmsg": "success",
        "user_id": "oExampleManager0000000000001",
        "name": "王老师",
        "schools": [
            { "school_code": "1014700001", "school_name": "第一中学", "host": "https://uni.weixiao.qq.com" },
            {},
        ],
        "manager_real_info": { "card_number": "T2018", "name": "王小明", "identity_type": "1" },
        "media_info": { "app_id": "wx1", "media_id": "gh_1" },
        "cur_school": { "school_code": "1014700001", "school_name": "第一中学", "host": "https://uni.weixiao.qq.com" },
        "role_id": 1,
        "parent_id": 0,
    });
    assert_eq!(
        manager(&full).await,
        "oExampleManager0000000000001 王老师, 1014700001 第一中学 Some(\"https://uni.weixiao.qq.com\"), \
         Some(\"1014700001\") Some((\"T2018\", \"王小明\", \"1\")) Some((\"wx1\", \"gh_1\")) Some(1) Some(0)"
    );
    // 仅当管理员有实名信息时有此字段
    let mut unnamed = full;
    unnamed
        .as_object_mut()
        .expect("an object")
        .remove("manager_real_info");
    assert!(manager(&unnamed).await.contains(" None Some((\"wx1\""));

    assert_eq!(
        manager(&json!({ "errcode": "6001", "errmsg": "invalid code" })).await,
        "InvalidCode 6001"
    );
    for (code, becomes) in [
        (40001, "Configuration 40001"),
        (40002, "TokenRejected 40002"),
        (40003, "InvalidCode 40003"),
        (40005, "TokenRejected 40005"),
        (40006, "Configuration 40006"),
        (40007, "Denied 40007"),
        (40008, "Denied 40008"),
        (40009, "Fault 40009"),
        (40010, "Fault 40010"),
        (40018, "Configuration 40018"),
        (10005, "Configuration 10005"),
        (42007, "Denied 42007"),
        (42008, "Configuration 42008"),
        (42009, "Busy 42009"),
        (43001, "Configuration 43001"),
        (44002, "Denied 44002"),
        (20001, "TokenRejected 20001"),
        (20002, "TokenRejected 20002"),
        (11101, "Denied 11101"),
        (11102, "Denied 11102"),
        (11103, "Denied 11103"),
    ] {
        assert_eq!(
            manager(&json!({ "errcode": code, "errmsg": "…" })).await,
            becomes
        );
    }
    // The forms of success of other Weika calls are no success of this call.
    for other in [
        json!({ "access_token": "t", "token_type": "bearer", "expires_in": 7200, "ocode": "1014700001" }),
        json!({ "code": 0, "message": "ok" }),
        json!({ "errcode": 0, "errmsg": "ok" }),
    ] {
        assert_eq!(manager(&other).await, "Malformed", "{other}");
    }
}

#[tokio::test]
async fn kesion_official_account() {
    let authorized = json!({
        "openname": "第一中学教育有限公司",
        "weixintype": "2",
        "appid": "wx1",
        "auth_url": "http://kesion.example/plus/auth_url?schoolid=5",
        "url": "http://wx.example/head/0",
        "msg": "success",
        "weixinname": "第一中学",
        "weixinopenid": "gh_1",
        "iswechatautologin": 1,
        "info": {
            "authorizer_info": {
                "nick_name": "第一中学",
                "head_img": "http://wx.example/head/0",
                "service_type_info": { "id": 2 },
                "verify_type_info": { "id": 0 },
                "user_name": "gh_1",
                "alias": "school",
                "qrcode_url": "http://wx.example/code/0",
                "business_info": { "open_pay": 1, "open_shake": 0, "open_scan": 0, "open_card": 0, "open_store": 0 },
                "idc": 1,
                "principal_name": "第一中学教育有限公司",
                "signature": "一所学校。",
                "account_status": 1,
            },
            "authorization_info": {
                "authorizer_appid": "wx1",
                "authorizer_refresh_token": "refreshtoken@@@0",
                "func_info": [
                    {
                        "funcscope_category": { "id": 1 },
                        "confirm_info": { "need_confirm": 1, "already_confirm": 0, "can_confirm": 1 },
                    },
                    { "funcscope_category": { "id": 4 } },
                ],
            },
        },
        "result": true,
        "ercodeimg": "http://wx.example/code/0",
    });
    assert_eq!(
        account(&authorized).await,
        "wx1 gh_1 第一中学 第一中学教育有限公司 Some(Service) \
         Some(\"http://kesion.example/plus/auth_url?schoolid=5\") auto true web true 2"
    );
    for (response, becomes) in [
        (
            json!({
                "auth_url": "http://kesion.example/plus/auth_url?schoolid=5",
                "returnCode": 3002,
                "result": false,
                "msg": "对不起,公众号还未授权!",
            }),
            "not authorized Some(\"http://kesion.example/plus/auth_url?schoolid=5\")",
        ),
        // Another page of the same system spells the path like this; only the host decides.
        (
            json!({ "auth_url": "http://elsewhere.example/plus/weixin_auth_url?schoolid=5", "returnCode": 3002, "result": false }),
            "not authorized None",
        ),
        (
            json!({ "returnCode": 3001, "result": false, "msg": "没有开通第三方公众号授权" }),
            "NotOpened",
        ),
        (
            json!({ "result": false, "msg": "access_token missing rid: 632bc26a-1f8e3c5d-7a90b1c2" }),
            "Busy",
        ),
        (json!({ "result": false, "msg": "…" }), "Fault"),
        (
            json!({ "returnCode": 1, "result": false, "msg": "…" }),
            "Fault 1",
        ),
    ] {
        assert_eq!(account(&response).await, becomes, "{response}");
    }
}

#[tokio::test]
async fn openid_binding_check() {
    let open_id = "oExampleOpenId00000000000001";
    let bound = json!({
        "code": 0,
        "msg": "success",
        "data": { "openId": open_id, "expire": 604_800, "token": "eyJ0eXAi.eyJzdWIi.c2lnbmF0dXJl" },
    });
    let becomes =
        format!("{open_id} of wx1 Some(\"eyJ0eXAi.eyJzdWIi.c2lnbmF0dXJl\") Some(604800s)");
    assert_eq!(binding(&bound).await, becomes);
    // The documentation declares `code` a string.
    let mut declared = bound;
    declared["code"] = json!("0");
    assert_eq!(binding(&declared).await, becomes);

    for code in [json!(2000), json!("2000")] {
        let unbound =
            json!({ "code": code, "msg": "微信openid未绑定用户", "data": { "openId": open_id } });
        assert_eq!(
            binding(&unbound).await,
            format!("{open_id} of wx1 None None")
        );
    }
    for (code, becomes) in [
        (2001, "InvalidCode 2001"),
        (2002, "Configuration 2002"),
        (2003, "Busy 2003"),
        (2004, "InvalidCode 2004"),
        (2035, "Configuration 2035"),
        (440_001, "Fault 440001"),
        (440_002, "Denied 440002"),
        (440_003, "InvalidCode 440003"),
        (440_004, "InvalidCode 440004"),
        (440_007, "Fault 440007"),
        (401, "InvalidCode 401"),
        (426, "InvalidCode 426"),
        (2005, "InvalidCode 2005"),
        (2009, "InvalidCode 2009"),
        (2010, "Busy 2010"),
        (2019, "Configuration 2019"),
        (2022, "Configuration 2022"),
        (2050, "Fault 2050"),
        // The mini program's page prints this number where 2001 is meant.
        (200, "InvalidCode 200"),
    ] {
        for data in [
            Value::Null,
            json!({}),
            json!([]),
            json!({ "openId": open_id }),
        ] {
            assert_eq!(
                binding(&json!({ "code": code, "msg": "…", "data": data })).await,
                becomes
            );
        }
        assert_eq!(
            binding(&json!({ "code": code.to_string(), "msg": "…" })).await,
            becomes
        );
    }
}

#[tokio::test]
async fn wechat_exchange_with_the_own_secret() {
    let open_id = "oExampleOpenId00000000000001";
    let base = json!({
        "access_token": "ACCESS_TOKEN",
        "expires_in": 7200,
        "refresh_token": "REFRESH_TOKEN",
        "openid": open_id,
        "scope": "snsapi_base",
    });
    assert_eq!(wechat(&base).await, format!("wx1:{open_id} None"));
    let mut asked = base.clone();
    asked["scope"] = json!("snsapi_userinfo");
    asked["unionid"] = json!("o6_bmasdasdsad6_2sgVt7hMZOPfL");
    assert_eq!(
        wechat(&asked).await,
        format!("wx1:{open_id} Some(\"o6_bmasdasdsad6_2sgVt7hMZOPfL\")")
    );
    let mut desk = asked.clone();
    desk["scope"] = json!("snsapi_login");
    assert_eq!(wechat(&desk).await, wechat(&asked).await);
    // 值为1: a virtual account of a snapshot, in every spelling of the number.
    for flag in ["1", "\"1\"", "1.0", "true", "\"1.0\"", "1e0", "[1]", "{}"] {
        let snapshot =
            asked
                .to_string()
                .replacen('{', &format!(r#"{{"is_snapshotuser":{flag},"#), 1);
        assert_eq!(wechat(&snapshot).await, "Denied", "{flag}");
    }
    for (code, becomes) in [
        (40029, "InvalidCode 40029"),
        (40163, "InvalidCode 40163"),
        (41008, "InvalidCode 41008"),
        (40001, "Configuration 40001"),
        (40013, "Configuration 40013"),
        (40125, "Configuration 40125"),
        (40164, "Configuration 40164"),
        (48001, "Configuration 48001"),
        (61007, "Configuration 61007"),
        (45009, "Busy 45009"),
        (45011, "Busy 45011"),
        (-1, "Busy -1"),
        // Of calls that send an access_token, or of an incomplete request.
        (40014, "Fault 40014"),
        (42001, "Fault 42001"),
        (41001, "Fault 41001"),
        (41002, "Fault 41002"),
    ] {
        for message in [
            "code been used, hints: [ req_id: MdoBRh4FE-_iqKea ]",
            "invalid code, rid: 64d5f9a9-63208b5d-00ed75a8",
        ] {
            let refusal = json!({ "errcode": code, "errmsg": message });
            assert_eq!(wechat(&refusal).await, becomes);
        }
    }
    // The forms of success of other calls are no success of this call.
    for other in [
        json!({ "errcode": 0, "errmsg": "ok" }),
        json!({ "access_token": "t", "token_type": "bearer", "expires_in": 7200, "ocode": "1014700001" }),
        json!({ "code": 0, "msg": "success", "data": { "openId": open_id } }),
        json!({ "session_key": "k", "openid": open_id }),
    ] {
        assert_eq!(wechat(&other).await, "Malformed", "{other}");
    }
}

/// A client of members whose upstream has this response of its token endpoints, and that response
/// to every other call.
fn member_client(token: &Value, response: &Value) -> WeikaMemberClient {
    let (token, response) = (token.to_string(), response.to_string());
    let transport = Transport::new(service_fn(move |request: Request<Full<Bytes>>| {
        let is_token = request.uri().path().ends_with("/oauth2/token");
        let body = if is_token {
            token.clone()
        } else {
            response.clone()
        };
        async move { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(body))) }
    }));
    WeikaMemberClient::builder("KEY", "s", "1011700001")
        .fields(MemberField::ALL)
        .transport(transport)
        .build()
        .expect("a client")
}

async fn member(token: &Value, response: &Value) -> String {
    let client = member_client(token, response);
    let member = client.member(AuthorizationCode::new("c"), "https://x.example");
    let member = member.await;
    member.map_or_else(|error| failed(&error), |it| shown_member(&it))
}

fn shown_member(member: &Member) -> String {
    let mut text = format!(
        "{} {} {} {}",
        member.school_code(),
        member.card_number(),
        member.name,
        member.identity_type
    );
    for field in member.fields() {
        let values = member.values(field).join(" ");
        let _infallible = write!(text, ", {} {values}", field.as_str());
    }
    text
}

/// 获取用户授权凭证, as the documentation prints it: without an `errcode`.
fn member_token() -> Value {
    json!({
        "refresh_token": "r", "access_token": "t", "token_type": "bearer", "expires_in": 7200,
        "ocode": "1011700001",
    })
}

#[tokio::test]
async fn weika_member_token() {
    let info = json!({ "errcode": 0, "ocode": "1011700001", "card_number": "1" });
    assert_eq!(member(&member_token(), &info).await, "1011700001 1  ");
    // 见 data 中的参数说明, although no `data` is printed.
    let beneath = json!({ "data": member_token() });
    assert_eq!(member(&beneath, &info).await, "1011700001 1  ");
    for (code, becomes) in [
        (40001, "Configuration 40001"),
        (40002, "Fault 40002"),
        (40003, "InvalidCode 40003"),
        (40005, "Fault 40005"),
        (40006, "Configuration 40006"),
        (40007, "Denied 40007"),
        (40008, "Denied 40008"),
        (40009, "Fault 40009"),
        (40010, "Fault 40010"),
        (40018, "Configuration 40018"),
        // The number of the manager login is another language.
        (6001, "Fault 6001"),
    ] {
        let response = json!({ "errcode": code, "errmsg": "…" });
        assert_eq!(member(&response, &info).await, becomes);
        let response = json!({ "errcode": code.to_string(), "errmsg": "…" });
        assert_eq!(member(&response, &info).await, becomes);
    }
    for (error, becomes) in [
        ("invalid_grant", "InvalidCode"),
        ("invalid_client", "Configuration"),
        ("unauthorized_client", "Configuration"),
        ("access_denied", "Denied"),
        ("invalid_request", "Fault"),
        ("其他", "Fault"),
    ] {
        let response = json!({ "error": error, "error_description": "…" });
        assert_eq!(member(&response, &info).await, becomes);
    }
    for other in [
        json!({ "errcode": 0, "errmsg": "success" }),
        json!({}),
        info.clone(),
    ] {
        assert_eq!(member(&other, &info).await, "Malformed", "{other}");
    }
}

#[tokio::test]
async fn weika_member_info() {
    // snsapi_base
    let base = json!({ "errcode": 0, "errmsg": "success", "ocode": "1011700001", "card_number": "20121503" });
    let becomes = "1011700001 20121503  ";
    assert_eq!(member(&member_token(), &base).await, becomes);
    // snsapi_userinfo, snsapi_sso
    let full = json!({
        "errcode": 0, "errmsg": "success", "ocode": "1011700001", "card_number": "07302590",
        "name": "陈小明", "identity_type": "1", "grade": "2016", "college": "人居环境工程学院",
        "profession": " 工程造价", "class": "1班", "identity_title": "本科生", "gender": 1,
        "head_image": "", "organization": [2, 222, 496], "role": [1, 2], "campus": "东校区",
        "dorm_number": "至善园", "physical_chip_number": "a", "physical_card_number": "b",
        "nation": "汉族", "birthday": "20020319", "origin_place": "深圳市",
        "graduated_school": "示例中学", "address": "深圳市", "contact_person": "陈大明",
        "contact_phone": "(+86)138", "email": "a@b.example", "id_card": "4403X",
        "telephone": "(+86)139", "start_at": "2019-10-14 00:00:00",
        "expire_at": "2019-10-18 00:00:00", "updated_at": "2019-10-16 00:00:00",
    });
    assert_eq!(
        member(&member_token(), &full).await,
        "1011700001 07302590 陈小明 1, grade 2016, college 人居环境工程学院, profession 工程造价, \
         class 1班, identity_title 本科生, gender 1, organization 2 222 496, role 1 2, \
         campus 东校区, dorm_number 至善园, physical_chip_number a, physical_card_number b, \
         nation 汉族, birthday 20020319, origin_place 深圳市, graduated_school 示例中学, \
         address 深圳市, contact_person 陈大明, contact_phone (+86)138, email a@b.example, \
         id_card 4403X, telephone (+86)139, start_at 2019-10-14 00:00:00, \
         expire_at 2019-10-18 00:00:00, updated_at 2019-10-16 00:00:00"
    );
    // 87724 declares the card number an integer, and prints this text.
    let mut declared = base.clone();
    declared["card_number"] = json!("REAL4411902");
    let becomes = "1011700001 REAL4411902  ";
    assert_eq!(member(&member_token(), &declared).await, becomes);
    let mut foreign = base;
    foreign["ocode"] = json!("1011700002");
    assert_eq!(member(&member_token(), &foreign).await, "Denied");
}

#[tokio::test]
async fn weika_school_token_and_identity_types() {
    let token = json!({ "token_type": "bearer", "access_token": "t", "ocode": "1011700001", "expires_in": 7200 });
    let list = json!({
        "errcode": 0, "errmsg": "ok",
        "list": [
            { "identity_type": 0, "name": "其他", "classification": 1, "classification_name": "其他" },
            { "identity_type": 6, "name": "本科生", "classification": 2, "classification_name": "学生" },
        ],
    });
    let shown = async |token: &Value, list: &Value| {
        let client = member_client(token, list);
        let list = client.identity_types().list().await;
        list.map_or_else(
            |error| failed(&error),
            |list| {
                let entries = list.iter();
                let entries =
                    entries.map(|it| format!("{} {} {:?}", it.id, it.name, it.classification));
                entries.collect::<Vec<_>>().join(", ")
            },
        )
    };
    assert_eq!(
        shown(&token, &list).await,
        "0 其他 Some(Other), 6 本科生 Some(Student)"
    );
    let off = json!({ "errcode": 40018, "errmsg": "…" });
    assert_eq!(shown(&off, &list).await, "Configuration 40018");
    assert_eq!(
        shown(&token, &json!({ "errcode": 40008 })).await,
        "Configuration 40008"
    );
}

// Rows B1 to B5 of the faults found in November 2026: spellings that are not documented, byte for
// byte.

#[tokio::test]
async fn b1_access_token_with_a_float_lifetime_expires_after_it() {
    for (expires_in, seconds) in [
        ("7200.0", 7_200),
        ("7.2e3", 7_200),
        ("\"7200.0\"", 7_200),
        ("1e30", 604_800),
        ("1e400", 604_800),
    ] {
        let response = format!(r#"{{"errcode":0,"access_token":"t","expires_in":{expires_in}}}"#);
        assert_eq!(
            token(&response).await,
            format!("t for {:?}", Some(Duration::from_secs(seconds))),
            "{expires_in}"
        );
    }
    for unreadable in ["7200.5", "-7200.0", "0.0", "\"7200 \"", "\"7.2e-1\""] {
        let response = format!(r#"{{"errcode":0,"access_token":"t","expires_in":{unreadable}}}"#);
        assert_eq!(token(&response).await, "t for None", "{unreadable}");
    }
}

#[tokio::test]
async fn b2_user_with_a_float_lifetime_is_bound() {
    for expire in ["604800.0", "6.048e5", "\"604800.0\""] {
        let response =
            format!(r#"{{"code":0,"data":{{"openId":"o1","token":"t","expire":{expire}}}}}"#);
        assert_eq!(
            binding(&response).await,
            "o1 of wx1 Some(\"t\") Some(604800s)",
            "{expire}"
        );
    }
    for code in ["0.0", "0e0", "\"0.0\"", "2000.0"] {
        let response =
            format!(r#"{{"code":{code},"data":{{"openId":"o1","token":"t","expire":1}}}}"#);
        assert_eq!(binding(&response).await, "Malformed", "{code}");
    }
}

#[tokio::test]
async fn b3_role_and_schools_in_unusual_spellings_are_read() {
    let response = r#"{"errcode":0,"user_id":"o1","name":"a","role_id":1.0,"parent_id":"0.0",
        "schools":[{"school_code":1011789061,"school_name":"b"}],"cur_school":{"school_code":1011789061.0}}"#;
    assert_eq!(
        manager(&response).await,
        "o1 a, 1011789061 b None, Some(\"1011789061\") None None Some(1) Some(0)"
    );
    for user_id in ["0", "1", "1.0", "true", "\"\""] {
        assert_eq!(
            manager(&format!(r#"{{"errcode":0,"user_id":{user_id}}}"#)).await,
            "Malformed",
            "{user_id}"
        );
    }
}

#[tokio::test]
async fn b4_name_that_is_cut_in_an_emoji_is_repaired_and_an_identifier_is_rejected() {
    for cut in [r"\ud83d", r"\ude00", r"\uD83D\uD83D"] {
        let name = "\u{fffd}".repeat(cut.len() / 6);
        let response =
            format!(r#"{{"errcode":0,"user_id":"o1","name":"a{cut}","errmsg":"{cut}"}}"#);
        assert_eq!(
            manager(&response).await,
            format!("o1 a{name}, None None None None None"),
            "{cut}"
        );
        let response = format!(r#"{{"errcode":0,"user_id":"o1{cut}"}}"#);
        assert_eq!(manager(&response).await, "Malformed", "{cut}");
        let response = format!(r#"{{"code":2000,"data":{{"openId":"o1{cut}"}}}}"#);
        assert_eq!(binding(&response).await, "Malformed", "{cut}");
        let response =
            format!(r#"{{"errcode":0,"user_id":"o1","schools":[{{"school_code":"1{cut}"}}]}}"#);
        assert_eq!(
            manager(&response).await,
            "o1 , None None None None None",
            "{cut}"
        );
        for malformed in [
            format!(r#"{{"errcode":"0{cut}","user_id":"o1"}}"#),
            format!(r#"{{"errcode":0,"user_id":"o1","a{cut}":1}}"#),
            format!(r#"{{"errcode":0,"user_id":"o1","name":"{cut}","name":"a"}}"#),
        ] {
            assert_eq!(manager(&malformed).await, "Malformed", "{malformed}");
        }
    }
}

#[tokio::test]
async fn b5_display_text_is_cut_at_512_characters() {
    let long = "王".repeat(20_000);
    let response = json!({ "errcode": 0, "user_id": "o1", "name": long });
    assert_eq!(
        manager(&response).await,
        format!("o1 {}, None None None None None", "王".repeat(512))
    );
}
