//! The member login: both pages, the tokens in both encodings, the user info, the identity types.

use std::time::Duration;

use super::*;
use crate::support::ManualClock;

const MEMBER_TOKEN: &str = "/connect/oauth2/token";
const USER_INFO: &str = "/connect/oauth/get-user-info";
const SCHOOL_TOKEN: &str = "/cgi-bin/oauth2/token";
const IDENTITY_TYPES: &str = "/cgi-bin/user/get-identity-type";
const BACK: &str = "https://app.example/back";

/// The documented body of the member's token call.
fn exchange(sandbox: &Sandbox, code: &str) -> Value {
    json!({
        "wxcode": code,
        "app_key": sandbox.member_app_key(),
        "app_secret": sandbox.member_app_secret(),
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
    })
}

fn client_credentials(sandbox: &Sandbox, ocode: &str) -> Value {
    json!({
        "app_key": sandbox.member_app_key(),
        "app_secret": sandbox.member_app_secret(),
        "grant_type": "client_credentials",
        "scope": "base",
        "ocode": ocode,
    })
}

async fn member_token(sandbox: &Sandbox, person: &str) -> Value {
    let code = sandbox.issue_member_wxcode(person, BACK).unwrap();
    let answer = post(sandbox, MEMBER_TOKEN, &exchange(sandbox, &code)).await;
    answer.unwrap().json()
}

async fn user_info(sandbox: &Sandbox, person: &str) -> Value {
    let token = member_token(sandbox, person).await["access_token"].clone();
    let body = json!({ "access_token": token });
    post(sandbox, USER_INFO, &body).await.unwrap().json()
}

async fn school_token(sandbox: &Sandbox, ocode: &str) -> Value {
    let body = client_credentials(sandbox, ocode);
    post(sandbox, SCHOOL_TOKEN, &body).await.unwrap().json()
}

fn authorize(sandbox: &Sandbox, page: &str, change: (&str, &str)) -> String {
    let mut parameters = vec![
        ("app_key", sandbox.member_app_key()),
        ("response_type", "code"),
        ("scope", "snsapi_userinfo"),
        ("ocode", sandbox.ocode()),
        ("redirect_uri", "https%3A%2F%2Fapp.example%2Fback"),
        ("state", "S%2B1"),
    ];
    for (name, value) in &mut parameters {
        if *name == change.0 {
            *value = change.1;
        }
    }
    let parameters = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let query = parameters.collect::<Vec<_>>().join("&");
    format!("/connect/oauth/{page}?{query}")
}

#[tokio::test]
async fn token_and_user_info_answer_field_by_field() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = member_token(&sandbox, "li").await;
    assert_eq!(token["access_token"].as_str().unwrap().len(), 157);
    assert_ne!(token["access_token"], token["refresh_token"]);
    assert_eq!(
        token,
        json!({
            "access_token": token["access_token"], "refresh_token": token["refresh_token"],
            "token_type": "bearer", "expires_in": 7200, "ocode": "1000000001",
        })
    );
    assert_eq!(
        user_info(&sandbox, "li").await,
        json!({
            "errcode": 0, "errmsg": "success", "ocode": "1000000001", "card_number": "2021000042",
            "name": "李晨🌸 <Li & Co>", "identity_type": "1", "college": "人居环境工程学院",
            "profession": " 工程造价", "head_image": "",
        })
    );
    assert_eq!(
        user_info(&sandbox, "bare").await,
        json!({ "errcode": 0, "errmsg": "success", "ocode": "1000000001", "card_number": "07302590" })
    );
    let whole = user_info(&sandbox, "wang").await;
    assert_eq!(whole.as_object().unwrap().len(), 4 + 28);
    let refresh = json!({ "access_token": token["refresh_token"] });
    let answer = post(&sandbox, USER_INFO, &refresh).await.unwrap().json();
    assert_eq!(answer["errcode"], 40005);
    assert_eq!(
        sandbox.call_log().tokens_issued(),
        0,
        "members' tokens are not counted"
    );
}

#[tokio::test]
async fn each_browser_has_its_page() {
    let sandbox = Sandbox::start().await.unwrap();
    let wechat = Browser::new().user_agent("Mozilla/5.0 (iPhone) MicroMessenger/8.0.59");
    let url = |page| {
        format!(
            "{}{}",
            sandbox.base_url(),
            authorize(&sandbox, page, ("", ""))
        )
    };
    let phone = wechat.get(&url("authorize")).await.unwrap();
    assert!(phone.text().contains("data-person=\"li\"") && !phone.text().contains("data-qr"));
    let desk = Browser::new().get(&url("pc-authorize")).await.unwrap();
    assert!(desk.text().contains("data-person=\"li\"") && desk.text().contains("data-qr"));
    assert!(
        !desk.text().contains("data-person=\"lin\""),
        "a member of another school"
    );
    let outside = Browser::new().get(&url("authorize")).await.unwrap();
    assert_eq!(outside.status(), 400);
    // For development on a desktop.
    let pretending = Browser::new().click(&outside, "data-pretend").await;
    assert!(pretending.unwrap().text().contains("data-person=\"li\""));
}

#[tokio::test]
async fn browser_is_sent_back_with_the_code_and_the_state() {
    let sandbox = Sandbox::builder()
        .member_auto_approve("li")
        .start()
        .await
        .unwrap();
    let target = authorize(&sandbox, "pc-authorize", ("", ""));
    let answer = get(&sandbox, &target).await.unwrap();
    let location = answer.header("location").unwrap();
    let code = location
        .strip_prefix("https://app.example/back?wxcode=")
        .unwrap();
    let (code, state) = code.split_once("&state=").unwrap();
    assert_eq!(state, "S%2B1");
    let body = exchange(&sandbox, code);
    let answer = post(&sandbox, MEMBER_TOKEN, &body).await.unwrap();
    assert!(answer.json()["access_token"].is_string());
    sandbox.set_member_approval(Approval::Decline);
    let answer = get(&sandbox, &target).await.unwrap();
    assert_eq!(
        answer.header("location"),
        Some("https://app.example/back?state=S%2B1")
    );
}

#[tokio::test]
async fn scope_base_yields_the_card_number_only() {
    let sandbox = Sandbox::builder()
        .member_auto_approve("wang")
        .start()
        .await
        .unwrap();
    let target = authorize(&sandbox, "pc-authorize", ("scope", "snsapi_base"));
    let answer = get(&sandbox, &target).await.unwrap();
    let location = answer.header("location").unwrap();
    let (_, code) = location.split_once("wxcode=").unwrap();
    let (code, _) = code.split_once('&').unwrap();
    let body = exchange(&sandbox, code);
    let token = post(&sandbox, MEMBER_TOKEN, &body).await.unwrap().json();
    let body = json!({ "access_token": token["access_token"] });
    assert_eq!(
        post(&sandbox, USER_INFO, &body).await.unwrap().json(),
        json!({ "errcode": 0, "errmsg": "success", "ocode": "1000000001", "card_number": "T20180001" })
    );
}

#[tokio::test]
async fn wrong_authorize_request_is_a_page() {
    let sandbox = Sandbox::builder()
        .member_auto_approve("li")
        .start()
        .await
        .unwrap();
    for change in [
        ("app_key", "other"),
        ("response_type", "token"),
        ("scope", "snsapi_login"),
        ("ocode", "9"),
        ("ocode", "1000000002"),
        ("redirect_uri", "javascript%3A1"),
        ("redirect_uri", ""),
    ] {
        let target = authorize(&sandbox, "pc-authorize", change);
        assert_eq!(
            get(&sandbox, &target).await.unwrap().status,
            400,
            "{change:?}"
        );
    }
    assert_eq!(sandbox.call_log().codes_issued(), 0);
}

#[tokio::test]
async fn code_is_valid_once_at_its_address_and_for_five_minutes() {
    let hand = ManualClock::new(1_700_000_000);
    let sandbox = Sandbox::builder().clock(hand.now()).start().await.unwrap();
    let code = sandbox.issue_member_wxcode("li", BACK).unwrap();
    let present = async |code: &str, redirect_uri: &str| {
        let mut body = exchange(&sandbox, code);
        body["redirect_uri"] = json!(redirect_uri);
        let answer = post(&sandbox, MEMBER_TOKEN, &body).await.unwrap().json();
        answer["errcode"].clone()
    };
    assert_eq!(present(&code, "https://app.example/other").await, 40003);
    assert_eq!(
        present(&code, BACK).await,
        Value::Null,
        "it was not consumed"
    );
    assert_eq!(present(&code, BACK).await, 40003, "used");
    assert_eq!(present("1", BACK).await, 40003, "never issued");
    let late = sandbox.issue_member_wxcode("li", BACK).unwrap();
    hand.advance(Duration::from_secs(300));
    assert_eq!(present(&late, BACK).await, 40003, "expired");
    let call_log = sandbox.call_log();
    assert_eq!(
        (call_log.codes_exchanged(), call_log.codes_refused()),
        (1, 4)
    );
}

#[tokio::test]
async fn both_encodings_are_accepted() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_member_wxcode("li", BACK).unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("wxcode", &code)
        .append_pair("client_id", sandbox.member_app_key())
        .append_pair("client_secret", sandbox.member_app_secret())
        .append_pair("grant_type", "authorization_code")
        .append_pair("redirect_uri", BACK)
        .finish();
    let answer = post_as(
        &sandbox,
        MEMBER_TOKEN,
        "application/x-www-form-urlencoded",
        &form,
    )
    .await;
    assert!(answer.unwrap().json()["access_token"].is_string());
}

#[tokio::test]
async fn refusals_have_their_numbers_and_both_forms() {
    let sandbox = Sandbox::start().await.unwrap();
    let good = client_credentials(&sandbox, sandbox.ocode());
    let without = |name: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, errcode, error) in [
        (with("app_secret", json!("wrong")), 40001, "invalid_client"),
        (with("ocode", json!("9")), 40006, "invalid_request"),
        (with("ocode", json!(7)), 40010, "invalid_request"),
        (
            with("grant_type", json!("password")),
            40010,
            "invalid_request",
        ),
        (without("ocode"), 40009, "invalid_request"),
        (json!([]), 40010, "invalid_request"),
    ] {
        let answer = post(&sandbox, SCHOOL_TOKEN, &body).await.unwrap();
        assert_eq!(
            (answer.status, &answer.json()["errcode"]),
            (200, &json!(errcode))
        );
        sandbox.variations().on(Variation::OauthErrors);
        let answer = post(&sandbox, SCHOOL_TOKEN, &body).await.unwrap();
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (200, &json!(error))
        );
        assert_eq!(answer.json().get("errcode"), None);
        sandbox.variations().clear();
    }
    let typo = post(&sandbox, SCHOOL_TOKEN, &without("grant_type")).await;
    assert!(typo.unwrap().json()["access_token"].is_string());
}

#[tokio::test]
async fn school_token_needs_the_application_to_be_on() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = school_token(&sandbox, "1000000001").await;
    assert_eq!(
        token,
        json!({
            "access_token": token["access_token"], "token_type": "bearer", "expires_in": 7200,
            "ocode": "1000000001",
        })
    );
    sandbox.set_member_app_enabled(false);
    assert_eq!(school_token(&sandbox, "1000000001").await["errcode"], 40018);
    assert_eq!(sandbox.call_log().tokens_issued(), 1);
}

#[tokio::test]
async fn identity_types_are_those_of_the_tokens_school() {
    let sandbox = Sandbox::start().await.unwrap();
    let list = async |ocode: &str| {
        let token = school_token(&sandbox, ocode).await;
        let token = token["access_token"].as_str().unwrap().to_owned();
        let target = format!("{IDENTITY_TYPES}?access_token={token}");
        post(&sandbox, &target, &json!({})).await.unwrap().json()
    };
    let first = list("1000000001").await;
    assert_eq!(
        (&first["errcode"], &first["errmsg"]),
        (&json!(0), &json!("ok"))
    );
    assert_eq!(
        first["list"][4],
        json!({
            "identity_type": 6, "name": "本科生", "classification": 2, "classification_name": "学生",
        })
    );
    let second = list("1000000002").await;
    assert_eq!(second["list"][0]["identity_type"], 110);
    let unknown = post(
        &sandbox,
        &format!("{IDENTITY_TYPES}?access_token=x"),
        &json!({}),
    )
    .await;
    assert_eq!(unknown.unwrap().json()["errcode"], 40005);
    sandbox.revoke_school_tokens();
    let missing = post(&sandbox, IDENTITY_TYPES, &json!({})).await;
    assert_eq!(missing.unwrap().json()["errcode"], 40009);
}

#[tokio::test]
async fn quirks_of_members_reach_the_wire() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.variations().on(Variation::LeadingBlanks);
    sandbox.variations().on(Variation::IdentifiersAsNumbers);
    let li = user_info(&sandbox, "li").await;
    assert_eq!(
        (&li["college"], &li["head_image"]),
        (&json!(" 人居环境工程学院"), &json!(""))
    );
    assert_eq!(
        (&li["ocode"], &li["card_number"]),
        (&json!(1_000_000_001), &json!(2_021_000_042))
    );
    assert_eq!(user_info(&sandbox, "bare").await["card_number"], "07302590");
    sandbox.variations().clear();
    for (numbering, expected) in [
        (IdentityNumbering::School, 4),
        (IdentityNumbering::Classification, 3),
    ] {
        sandbox.variations().on(Variation::IdentityType(numbering));
        assert_eq!(user_info(&sandbox, "wang").await["identity_type"], expected);
    }
    sandbox.variations().clear();
    sandbox
        .variations()
        .on(Variation::MissingAs(MissingForm::EmptyArray));
    assert_eq!(user_info(&sandbox, "bare").await["name"], json!([]));
}

#[tokio::test]
async fn reply_of_another_school_names_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let faults = sandbox.faults();
    faults.once(Endpoint::MemberInfo, Fault::OtherSchool);
    assert_eq!(user_info(&sandbox, "li").await["ocode"], "1000000002");
    faults.once(Endpoint::MemberToken, Fault::OtherSchool);
    assert_eq!(member_token(&sandbox, "li").await["ocode"], "1000000002");
    faults.once(Endpoint::SchoolToken, Fault::OtherSchool);
    assert_eq!(
        school_token(&sandbox, "1000000002").await["ocode"],
        "1000000001"
    );
}
