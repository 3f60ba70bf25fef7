//! Binding service: every code of its tables, and the binding of an openid.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::support::ManualClock;

const NOW: u64 = 1_700_000_000;
const MOBILE: &str = "13800000002";

fn hand() -> ManualClock {
    ManualClock::new(NOW)
}

async fn exchange(sandbox: &Sandbox, person: &str, company_flag: Value) -> Value {
    let code = sandbox.issue_wechat_code(person).unwrap();
    let body = json!({ "appid": sandbox.app_id(), "code": code, "companyFlag": company_flag });
    post(sandbox, OPEN_ID, &body).await.unwrap().json()
}

async fn sms(sandbox: &Sandbox, mobile: &str) -> Value {
    post(sandbox, SMS, &json!({ "mobile": mobile }))
        .await
        .unwrap()
        .json()["code"]
        .clone()
}

/// `bindingUser` of a person's openid to the user of a mobile number.
async fn bind(sandbox: &Sandbox, person: usize, mobile: &str, sms: &str) -> Value {
    let open_id = sandbox.wechat_people()[person].open_id(sandbox.app_id());
    let body = json!({ "userName": mobile, "phoneSms": sms, "openId": open_id, "appid": sandbox.app_id() });
    let answer = post(sandbox, BIND, &body).await.unwrap();
    assert_eq!(answer.status, 200);
    answer.json()["code"].clone()
}

fn wrong(code: &str) -> String {
    if code == "000000" {
        "000001".to_owned()
    } else {
        "000000".to_owned()
    }
}

#[tokio::test]
async fn bound_openid_gets_a_token() {
    let sandbox = Sandbox::builder()
        .clock(hand().now())
        .start()
        .await
        .unwrap();
    let answer = exchange(&sandbox, "xiaoming", Value::Null).await;
    let token = answer["data"]["token"].as_str().unwrap();
    let data =
        json!({ "openId": "oFollowerXiaoming00000000001", "expire": 604_800, "token": token });
    assert_eq!(answer, json!({ "code": 0, "msg": "success", "data": data }));
    let parts: Vec<_> = token
        .split('.')
        .map(|it| URL_SAFE_NO_PAD.decode(it).unwrap())
        .collect();
    let [header, claims, signature] = parts.as_slice() else {
        panic!("{token}")
    };
    assert_eq!(header, br#"{"typ":"JWT","alg":"HS512"}"#);
    let claims: Value = serde_json::from_slice(claims).unwrap();
    assert_eq!(
        claims,
        json!({ "sub": "1", "iat": NOW, "exp": NOW + 604_800 })
    );
    assert_eq!(signature.len(), 64);
}

#[tokio::test]
async fn unbound_openid_comes_without_a_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let unbound = json!({
        "code": 2000,
        "msg": "微信openid未绑定用户",
        "data": { "openId": "oFollowerXiaohong00000000001" },
    });
    assert_eq!(exchange(&sandbox, "xiaohong", json!(0)).await, unbound);
    assert_eq!(
        sandbox.call_log().entries().last().unwrap().outcome,
        Outcome::Refused(2000)
    );
    assert!(sandbox.bind("xiaohong"));
    assert_eq!(exchange(&sandbox, "xiaohong", json!(0)).await["code"], 0);
    assert!(sandbox.unbind("xiaohong"));
    assert_eq!(exchange(&sandbox, "xiaohong", json!(0)).await, unbound);
    assert!(!sandbox.bind("unknown") && !sandbox.unbind("unknown"));
    assert_eq!(
        sandbox.call_log().codes_exchanged(),
        3,
        "also for what is not bound"
    );
}

#[tokio::test]
async fn company_is_found_only_with_its_flag() {
    let sandbox = Sandbox::start().await.unwrap();
    for (person, flag, code) in [
        ("laoli", json!(1), 0),
        ("laoli", json!("1"), 0),
        ("laoli", json!(0), 2000),
        ("laoli", Value::Null, 2000),
        ("xiaoming", json!(0), 0),
        ("xiaoming", json!("0"), 0),
        ("xiaoming", json!(1), 2000),
        ("xiaoming", json!(2), 440_007),
        ("xiaoming", json!(true), 440_007),
    ] {
        let answer = exchange(&sandbox, person, flag.clone()).await;
        assert_eq!(answer["code"], code, "{person} {flag}");
        if person == "laoli" && code == 0 {
            assert_eq!(answer["data"]["expire"], 7200);
        }
    }
}

#[tokio::test]
async fn every_refusal_has_its_code_and_words() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    let app_id = sandbox.app_id();
    for (body, number, msg) in [
        (
            json!({ "appid": app_id, "code": "never" }),
            2001,
            "获取微信openid失败",
        ),
        (
            json!({ "appid": app_id, "code": "" }),
            2004,
            "获取openid时code不能为空",
        ),
        (
            json!({ "appid": app_id, "code": null }),
            2004,
            "获取openid时code不能为空",
        ),
        (json!({ "appid": app_id }), 2004, "获取openid时code不能为空"),
        (
            json!({ "appid": "wxffffffffffffffff", "code": code }),
            2035,
            "微信APPID不存在",
        ),
        (json!({ "code": code }), 2035, "微信APPID不存在"),
        (json!({ "appid": app_id, "code": 7 }), 440_007, "请求失败"),
        (json!([]), 440_007, "请求失败"),
    ] {
        let answer = post(&sandbox, OPEN_ID, &body).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json(),
            json!({ "code": number, "msg": msg }),
            "{body}"
        );
        assert_eq!(
            sandbox.call_log().entries().last().unwrap().outcome,
            Outcome::Refused(number)
        );
    }
    let form = format!("appid={app_id}&code={code}");
    let answer = post_as(
        &sandbox,
        OPEN_ID,
        "application/x-www-form-urlencoded",
        &form,
    )
    .await
    .unwrap();
    assert_eq!(answer.json()["code"], 2004);
    assert_eq!(get(&sandbox, OPEN_ID).await.unwrap().status, 405);
    assert_eq!(sandbox.call_log().codes_exchanged(), 0);
    assert_eq!(open_id(&sandbox, &code).await["code"], 0);
}

#[tokio::test]
async fn misconfigured_operator_is_reported() {
    let sandbox = Sandbox::start().await.unwrap();
    for (state, code, msg) in [
        (BindingState::NotConfigured, 2002, "运营商未配置公众号信息"),
        (
            BindingState::Refusing(BindingRefusal::BadCode),
            2001,
            "获取微信openid失败",
        ),
        (
            BindingState::Refusing(BindingRefusal::TokenInvalid),
            440_004,
            "token无效",
        ),
        (
            BindingState::OperatorUnavailable,
            2003,
            "获取运营商信息失败",
        ),
    ] {
        sandbox.set_binding(state);
        assert_eq!(
            exchange(&sandbox, "xiaoming", json!(0)).await,
            json!({ "code": code, "msg": msg })
        );
    }
    assert_eq!(
        sandbox.call_log().code_uses(),
        [CodeUses::default(); 4],
        "no code was consumed"
    );
    sandbox.set_binding(BindingState::AllUnbound);
    let answer = exchange(&sandbox, "xiaoming", json!(0)).await;
    assert_eq!(
        (&answer["code"], &answer["data"]["openId"]),
        (&json!(2000), &json!("oFollowerXiaoming00000000001"))
    );
    sandbox.set_binding(BindingState::Normal);
    assert_eq!(exchange(&sandbox, "xiaoming", json!(0)).await["code"], 0);
}

#[tokio::test]
async fn person_binds_with_an_sms_code() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(exchange(&sandbox, "xiaohong", json!(0)).await["code"], 2000);
    let sent = post(&sandbox, SMS, &json!({ "mobile": MOBILE }))
        .await
        .unwrap()
        .json();
    assert_eq!(sent, json!({ "code": 0, "msg": "success" }));
    let code = sandbox.last_sms(MOBILE).unwrap();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(bind(&sandbox, 1, MOBILE, &code).await, 0);
    let answer = exchange(&sandbox, "xiaohong", json!(0)).await;
    assert_eq!(
        (&answer["code"], &answer["data"]["expire"]),
        (&json!(0), &json!(604_800))
    );
    assert_eq!(sandbox.last_sms(MOBILE), None);
    assert_eq!(bind(&sandbox, 1, MOBILE, &code).await, 2014, "used");
    assert!(!format!("{sandbox:?} {:?}", sandbox.call_log()).contains(&code));
}

#[tokio::test]
async fn sms_is_not_sent_again_within_a_minute() {
    let hand = hand();
    let sandbox = Sandbox::builder().clock(hand.now()).start().await.unwrap();
    assert_eq!(sms(&sandbox, MOBILE).await, 0);
    let first = sandbox.last_sms(MOBILE).unwrap();
    hand.advance(Duration::from_millis(59_999));
    assert_eq!(sms(&sandbox, MOBILE).await, 3021);
    assert_eq!(sandbox.last_sms(MOBILE).unwrap(), first);
    assert_eq!(sms(&sandbox, "13800000001").await, 0, "another number");
    hand.advance(Duration::from_millis(1));
    let by_user_name = post(&sandbox, SMS, &json!({ "userName": MOBILE }))
        .await
        .unwrap()
        .json();
    assert_eq!(by_user_name["code"], 0);
    for bad in ["", "1380000000", "1380000000x", "138000000022"] {
        assert_eq!(sms(&sandbox, bad).await, 3020, "{bad}");
        assert_eq!(sandbox.last_sms(bad), None);
    }
}

#[tokio::test]
async fn binding_needs_the_right_sms_in_time() {
    let hand = hand();
    let sandbox = Sandbox::builder().clock(hand.now()).start().await.unwrap();
    assert_eq!(
        bind(&sandbox, 1, MOBILE, "123456").await,
        2014,
        "none was sent"
    );
    sms(&sandbox, MOBILE).await;
    let code = sandbox.last_sms(MOBILE).unwrap();
    assert_eq!(bind(&sandbox, 1, MOBILE, &wrong(&code)).await, 2015);
    assert_eq!(bind(&sandbox, 1, MOBILE, "").await, 2015);
    hand.advance(Duration::from_secs(300));
    assert_eq!(bind(&sandbox, 1, MOBILE, &code).await, 2014, "lapsed");
    sms(&sandbox, MOBILE).await;
    hand.advance(Duration::from_millis(299_999));
    assert_eq!(
        bind(&sandbox, 1, MOBILE, &sandbox.last_sms(MOBILE).unwrap()).await,
        0
    );
}

#[tokio::test]
async fn binding_has_its_refusals() {
    let builder = Sandbox::builder().official_account("wx00000000000000aa");
    let sandbox = builder.start().await.unwrap();
    sms(&sandbox, MOBILE).await;
    sms(&sandbox, "13800000001").await;
    let code = sandbox.last_sms(MOBILE).unwrap();
    let body = |open_id: &str, app_id: &str, mobile: &str| json!({ "userName": mobile, "phoneSms": code, "openId": open_id, "appid": app_id });
    let xiaohong = &sandbox.wechat_people()[1];
    let (own, other) = (
        xiaohong.open_id(sandbox.app_id()),
        xiaohong.open_id("wx00000000000000aa"),
    );
    for (body, number) in [
        (body(&other, sandbox.app_id(), MOBILE), 2031),
        (body("oInvented", sandbox.app_id(), MOBILE), 2031),
        (body("", sandbox.app_id(), MOBILE), 2009),
        (body(&own, "wxffffffffffffffff", MOBILE), 2035),
        (body(&own, sandbox.app_id(), "13899999999"), 2030),
        (body(&own, sandbox.app_id(), ""), 2030),
        (json!("?"), 440_007),
    ] {
        assert_eq!(
            post(&sandbox, BIND, &body).await.unwrap().json()["code"],
            number,
            "{body}"
        );
    }
    let taken = sandbox.last_sms("13800000001").unwrap();
    assert_eq!(
        bind(&sandbox, 1, "13800000001", &taken).await,
        2034,
        "xiaoming's account"
    );
    assert_eq!(
        bind(&sandbox, 0, MOBILE, &code).await,
        2031,
        "xiaoming's WeChat has an account"
    );
    assert_eq!(bind(&sandbox, 1, MOBILE, &code).await, 0);
}

#[tokio::test]
async fn person_with_the_sms_code_gets_the_account() {
    let sandbox = Sandbox::builder()
        .wechat_person(WechatPerson::new("mother", "妈妈").mobile("13900000001"))
        .wechat_person(WechatPerson::new("child", "孩子"))
        .start()
        .await
        .unwrap();
    sms(&sandbox, "13900000001").await;
    let code = sandbox.last_sms("13900000001").unwrap();
    assert_eq!(bind(&sandbox, 1, "13900000001", &code).await, 0);
    assert_eq!(exchange(&sandbox, "child", json!(0)).await["code"], 0);
    assert_eq!(exchange(&sandbox, "mother", json!(0)).await["code"], 2000);
}
