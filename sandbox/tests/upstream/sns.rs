//! WeChat with the application's own secret: the exchange of a code, and the page for desks.

use std::time::Duration;

use super::*;
use crate::support::ManualClock;

/// Calls the exchange with these parameters.
async fn exchange_with(sandbox: &Sandbox, query: &str) -> Raw {
    let target = format!("{}?{query}", Endpoint::WechatSnsToken.path());
    let answer = get(sandbox, &target).await.unwrap();
    assert_eq!(answer.status, 200);
    answer
}

/// The parameters with which the official account exchanges a code.
fn parameters(sandbox: &Sandbox, code: &str) -> String {
    format!(
        "appid={}&secret={}&code={code}&grant_type=authorization_code",
        sandbox.app_id(),
        sandbox.wechat_secret(),
    )
}

async fn exchange(sandbox: &Sandbox, code: &str) -> Value {
    exchange_with(sandbox, &parameters(sandbox, code))
        .await
        .json()
}

async fn exchange_of_website(sandbox: &Sandbox, code: &str) -> Value {
    let query = parameters(sandbox, code)
        .replace(sandbox.app_id(), sandbox.website_app_id())
        .replace(sandbox.wechat_secret(), sandbox.website_secret());
    exchange_with(sandbox, &query).await.json()
}

#[tokio::test]
async fn success_has_the_documented_members_and_no_errcode() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    let answer = exchange_with(&sandbox, &parameters(&sandbox, &code)).await;
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let mut answer = answer.json();
    for token in ["access_token", "refresh_token"] {
        let token = answer.as_object_mut().unwrap().remove(token).unwrap();
        assert!(token.as_str().unwrap().len() > 100, "{token}");
    }
    assert_eq!(
        answer,
        json!({ "expires_in": 7200, "openid": "oFollowerXiaoming00000000001", "scope": "snsapi_base" })
    );
    assert_eq!(sandbox.call_log().codes_exchanged(), 1);
}

#[tokio::test]
async fn every_refusal_has_its_errcode_and_consumes_no_code() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    let good = parameters(&sandbox, &code);
    let secret = sandbox.wechat_secret();
    for (query, refusal) in [
        (
            good.replace(sandbox.app_id(), ""),
            WechatSnsRefusal::AppIdMissing,
        ),
        (
            good.replace(sandbox.app_id(), "wx9"),
            WechatSnsRefusal::InvalidAppId,
        ),
        (good.replace(secret, ""), WechatSnsRefusal::SecretMissing),
        (
            good.replace(secret, sandbox.website_secret()),
            WechatSnsRefusal::InvalidSecret,
        ),
        (good.replace(&code, ""), WechatSnsRefusal::CodeMissing),
        (
            good.replace(&code, "never-issued"),
            WechatSnsRefusal::InvalidCode,
        ),
        (
            good.replace("authorization_code", "refresh_token"),
            WechatSnsRefusal::InvalidGrantType,
        ),
        (
            good.replace("&grant_type=authorization_code", ""),
            WechatSnsRefusal::InvalidGrantType,
        ),
    ] {
        let answer = exchange_with(&sandbox, &query).await.json();
        assert_eq!(answer["errcode"], refusal.errcode(), "{query}");
        assert!(answer["errmsg"].as_str().unwrap().contains(", rid: "));
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    }
    assert!(exchange(&sandbox, &code).await["openid"].is_string());
    let entries = sandbox.call_log().entries();
    assert_eq!(entries[0].outcome, Outcome::Refused(41002));
}

#[tokio::test]
async fn code_is_used_once_within_five_minutes_and_by_its_application() {
    let hand = ManualClock::new(1_700_000_000);
    let sandbox = Sandbox::builder().clock(hand.now()).start().await.unwrap();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    let answer = exchange_of_website(&sandbox, &code).await;
    assert_eq!(answer["errcode"], 40029, "of another application");
    assert!(exchange(&sandbox, &code).await["errcode"].is_null());
    assert_eq!(exchange(&sandbox, &code).await["errcode"], 40163, "used");
    let late = sandbox.issue_wechat_code("xiaoming").unwrap();
    let website = sandbox.issue_website_code("xiaoming").unwrap();
    hand.advance(Duration::from_secs(300));
    assert_eq!(exchange(&sandbox, &late).await["errcode"], 40029, "expired");
    hand.advance(Duration::from_millis(299_999));
    let answer = exchange_of_website(&sandbox, &website).await;
    assert!(answer["errcode"].is_null(), "10 minutes at a desk");
    let website = sandbox.issue_website_code("xiaoming").unwrap();
    hand.advance(Duration::from_secs(600));
    let answer = exchange_of_website(&sandbox, &website).await;
    assert_eq!(answer["errcode"], 40029, "expired");
}

#[tokio::test]
async fn binding_service_and_exchange_share_the_codes_and_the_openids() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wechat_code("xiaohong").unwrap();
    let checked = open_id(&sandbox, &code).await;
    assert_eq!(exchange(&sandbox, &code).await["errcode"], 40163);
    let code = sandbox.issue_wechat_code("xiaohong").unwrap();
    assert_eq!(
        exchange(&sandbox, &code).await["openid"],
        checked["data"]["openId"]
    );
    // The binding service knows official accounts only.
    let code = sandbox.issue_website_code("xiaohong").unwrap();
    let body = json!({ "appid": sandbox.website_app_id(), "code": code });
    let answer = post(&sandbox, OPEN_ID, &body).await.unwrap().json();
    assert_eq!(answer["code"], 2035);
}

#[tokio::test]
async fn unionid_joins_the_openids_of_one_person_if_the_user_is_asked() {
    let sandbox = Sandbox::builder()
        .any_browser()
        .wechat_auto_approve("xiaoming")
        .start()
        .await
        .unwrap();
    let asked = async || {
        let target = format!(
            "{}?appid={}&redirect_uri=http%3A%2F%2Fapp.example&response_type=code&scope=snsapi_userinfo&state=S",
            Endpoint::WechatAuthorize.path(),
            sandbox.app_id(),
        );
        let answer = get(&sandbox, &target).await.unwrap();
        let location = answer.header("location").unwrap();
        let code = location.split(['=', '&']).nth(1).unwrap();
        exchange(&sandbox, code).await
    };
    let phone = asked().await;
    assert_eq!(phone["scope"], "snsapi_userinfo");
    let code = sandbox.issue_website_code("xiaoming").unwrap();
    let desk = exchange_of_website(&sandbox, &code).await;
    assert_eq!(desk["scope"], "snsapi_login");
    assert_eq!(desk["unionid"], phone["unionid"]);
    assert_eq!(
        phone["unionid"],
        sandbox.wechat_people()[0].union_id().as_str()
    );
    assert_ne!(desk["openid"], phone["openid"]);
    sandbox.set_open_platform(false);
    assert!(asked().await["unionid"].is_null());
}

#[tokio::test]
async fn snapshot_is_marked_and_takes_every_form_of_a_number() {
    let sandbox = Sandbox::builder()
        .wechat_person(WechatPerson::new("real", "real"))
        .wechat_person(WechatPerson::new("virtual", "virtual").snapshot())
        .start()
        .await
        .unwrap();
    let flag = async |person: &str| {
        let code = sandbox.issue_wechat_code(person).unwrap();
        exchange(&sandbox, &code).await["is_snapshotuser"].clone()
    };
    assert_eq!(flag("real").await, Value::Null);
    assert_eq!(flag("virtual").await, json!(1));
    sandbox.variations().on(Variation::NumbersAsFloats);
    assert_eq!(flag("virtual").await, json!(1.0));
    sandbox.variations().on(Variation::NumbersAsStrings);
    assert_eq!(flag("virtual").await, json!("1.0"));
    // Weika alone puts members under `data`.
    sandbox.variations().clear();
    sandbox.variations().on(Variation::UnderData);
    assert_eq!(flag("virtual").await, json!(1));
}

#[tokio::test]
async fn faults_happen_to_the_exchange() {
    let sandbox = Sandbox::start().await.unwrap();
    let faults = sandbox.faults();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    faults.once(Endpoint::WechatSnsToken, Fault::Errcode(json!(40164)));
    assert_eq!(exchange(&sandbox, &code).await["errcode"], 40164);
    faults.once(Endpoint::WechatSnsToken, Fault::TruncatedBody);
    let query = parameters(&sandbox, &code);
    assert!(!exchange_with(&sandbox, &query).await.is_whole());
    assert_eq!(
        exchange(&sandbox, &code).await["errcode"],
        40163,
        "the broken reply has consumed it"
    );
    let target = Endpoint::WechatSnsToken.path();
    let answer = post(&sandbox, target, &json!({})).await.unwrap();
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn page_for_desks_takes_any_browser_and_website_applications_only() {
    let sandbox = Sandbox::start().await.unwrap();
    let url = |app_id: &str, scope: &str| {
        format!(
            "{}{}?appid={app_id}&redirect_uri=http%3A%2F%2Fapp.example%2Fback&response_type=code&scope={scope}&state=a-b",
            sandbox.base_url(),
            Endpoint::WechatQrConnect.path(),
        )
    };
    let desk = Browser::new();
    let good = url(sandbox.website_app_id(), "snsapi_login");
    let page = desk.get(&good).await.unwrap();
    assert!(page.text().contains("微信扫一扫") && page.text().contains("data-person=\"xiaoming\""));
    let approve = format!(
        "{}{}?person=xiaoming&{}",
        sandbox.base_url(),
        Endpoint::WechatApprove.path(),
        good.split_once('?').unwrap().1,
    );
    let back = desk.get_no_follow(&approve).await.unwrap();
    let location = back.location().unwrap().to_owned();
    let code = location.strip_prefix("http://app.example/back?code=");
    let code = code.unwrap().strip_suffix("&state=a-b").unwrap();
    let answer = exchange_of_website(&sandbox, code).await;
    assert_eq!(
        answer["openid"],
        sandbox.wechat_people()[0]
            .open_id(sandbox.website_app_id())
            .as_str()
    );
    sandbox.set_wechat(WechatApproval::Decline);
    let back = desk.get_no_follow(&good).await.unwrap();
    assert_eq!(back.location(), Some("http://app.example/back?state=a-b"));
    for (app_id, scope) in [
        (sandbox.app_id(), "snsapi_login"),
        (sandbox.website_app_id(), "snsapi_base"),
    ] {
        let page = desk.get(&url(app_id, scope)).await.unwrap();
        assert!(
            page.text().contains("data-error=\"10005\""),
            "{app_id} {scope}"
        );
    }
    // The page for phones does not know website applications.
    let phone = url(sandbox.website_app_id(), "snsapi_base")
        .replace("a-b", "ab")
        .replace(
            Endpoint::WechatQrConnect.path(),
            Endpoint::WechatAuthorize.path(),
        );
    sandbox.accept_any_browser(true);
    let page = desk.get(&phone).await.unwrap();
    assert!(page.text().contains("data-error=\"10005\""));
}

#[tokio::test]
async fn secrets_and_codes_are_not_in_debug() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    exchange(&sandbox, &code).await;
    let shown = format!(
        "{sandbox:?} {:?} {:?}",
        sandbox.call_log(),
        sandbox.call_log().entries()
    );
    for secret in [&*code, sandbox.wechat_secret(), sandbox.website_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
