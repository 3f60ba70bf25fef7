//! Responses and their outcomes.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

async fn kind(answer: &(impl ToString + ?Sized)) -> ErrorKind {
    failure(&FarEnd::once(answer)).await.kind()
}

/// `answer` with another value for a member of its data; without the member if the value is `None`.
fn with(mut answer: Value, name: &str, value: Option<&Value>) -> Value {
    let data = answer["data"].as_object_mut().unwrap();
    match value {
        Some(value) => drop(data.insert(name.to_owned(), value.clone())),
        None => drop(data.remove(name)),
    }
    answer
}

#[tokio::test(start_paused = true)]
async fn bound_user_is_parsed() {
    for code in [json!(0), json!("0")] {
        let mut answer = bound();
        answer["code"] = code;
        let user = FarEnd::once(&answer).check().await.unwrap();
        assert_eq!(
            (user.open_id.as_str(), &*user.app_id),
            ("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx1")
        );
        assert_eq!(
            user.bearer().map(BearerToken::expose),
            Some("eyJ0.t0ken.m68J")
        );
        assert_eq!(
            user.expires_at().map(Timestamp::unix_seconds),
            Some(1_560_238_917)
        );
        assert!(!format!("{user:?}").contains("t0ken"));
    }
}

#[tokio::test(start_paused = true)]
async fn documented_example_is_parsed() {
    const EXAMPLE: &str = r#"{
"code": 0,
"msg": "success",
"data": {
"openId": "oKLC_v_IpjuViy0erQOD_bJuNrbg",
"expire": 604800,
"token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJzdWIiOiIxIiwiaWF0IjoxNTU5NjM0MTE3LCJleHAiOjE1NjAyMzg5MTd9.m68JjfexMTDje4R9mE5KtcZweUhFVmNfyb07hzt3eVZlkKQ-KxljweexXJ_Ujl-8WwAuRszwGtB7bMvlGQ-Xvw"
}
}"#;
    let user = FarEnd::once(EXAMPLE).check().await.unwrap();
    // The `exp` that is in the example's token.
    assert_eq!(
        user.expires_at().map(Timestamp::unix_seconds),
        Some(1_560_238_917)
    );
    assert!(
        user.bearer()
            .is_some_and(|token| token.expose().ends_with("-Xvw"))
    );
}

#[tokio::test(start_paused = true)]
async fn code_2000_is_an_unbound_user() {
    for code in [json!(2000), json!("2000")] {
        let mut answer = unbound();
        answer["code"] = code;
        let user = FarEnd::once(&answer).check().await.unwrap();
        assert_eq!(
            (user.open_id.as_str(), &*user.app_id),
            ("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx1")
        );
        assert!(!user.is_bound());
    }
}

#[tokio::test(start_paused = true)]
async fn credential_of_an_unbound_user_is_ignored() {
    let mut answer = bound();
    answer["code"] = json!(2000);
    let user = FarEnd::once(&answer).check().await.unwrap();
    assert!(!user.is_bound() && user.bearer().is_none());
}

#[tokio::test(start_paused = true)]
async fn every_documented_number_becomes_what_its_page_says() {
    let documented: &[(i64, &str, ErrorKind)] = &[
        (2001, "获取微信openid失败", ErrorKind::InvalidCode),
        (2002, "运营商未配置公众号信息", ErrorKind::Configuration),
        (2003, "获取运营商信息失败", ErrorKind::Busy),
        (2004, "获取openid时code不能为空", ErrorKind::InvalidCode),
        (2035, "微信APPID不存在", ErrorKind::Configuration),
        (200, "获取微信openid失败", ErrorKind::InvalidCode),
        (401, "", ErrorKind::InvalidCode),
        (426, "", ErrorKind::InvalidCode),
        (440_001, "", ErrorKind::Fault),
        (440_002, "", ErrorKind::Denied),
        (440_003, "", ErrorKind::InvalidCode),
        (440_004, "", ErrorKind::InvalidCode),
        (440_007, "", ErrorKind::Fault),
        (2005, "", ErrorKind::InvalidCode),
        (2009, "", ErrorKind::InvalidCode),
        (2010, "", ErrorKind::Busy),
        (2019, "", ErrorKind::Configuration),
        (2022, "", ErrorKind::Configuration),
        (2050, "", ErrorKind::Fault),
    ];
    let full = &bound()["data"];
    for (number, msg, expected) in documented {
        for code in [json!(number), json!(number.to_string())] {
            for data in [
                None,
                Some(&json!(null)),
                Some(&json!({})),
                Some(&json!([])),
                Some(full),
            ] {
                let mut answer = json!({ "code": code, "msg": msg });
                if let Some(data) = data {
                    answer["data"] = data.clone();
                }
                let error = failure(&FarEnd::once(&answer)).await;
                assert_eq!(
                    (error.kind(), error.upstream_code()),
                    (*expected, Some(*number)),
                    "{answer}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_string_200_is_never_a_success() {
    let mut answer = bound();
    for code in [json!("200"), json!(200)] {
        answer["code"] = code;
        assert_eq!(kind(&answer).await, ErrorKind::InvalidCode);
    }
}

#[tokio::test(start_paused = true)]
async fn e2_only_zero_without_variations_is_success() {
    let mut answer = bound();
    for code in [
        json!("00"),
        json!("-0"),
        json!(0.0),
        json!(""),
        json!("ok"),
        json!(false),
        json!(null),
        json!([]),
    ] {
        answer["code"] = code;
        assert_eq!(kind(&answer).await, ErrorKind::Malformed, "{answer}");
    }
    answer.as_object_mut().unwrap().remove("code");
    assert_eq!(kind(&answer).await, ErrorKind::Malformed);
    answer["errcode"] = json!(0);
    assert_eq!(
        kind(&answer).await,
        ErrorKind::Malformed,
        "the number has another name here"
    );
}

#[tokio::test(start_paused = true)]
async fn e3_unknown_numbers_are_faults() {
    let mut answer = bound();
    for code in [
        json!(1),
        json!(-1),
        json!("6001"),
        json!(1999),
        json!(2_000_000),
        json!(i64::MIN),
    ] {
        answer["code"] = code;
        assert_eq!(kind(&answer).await, ErrorKind::Fault, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn e4_without_an_openid_there_is_no_user() {
    let unusable = [
        json!(null),
        json!(""),
        json!(7),
        json!("a\nb"),
        json!("x".repeat(513)),
        json!({}),
    ];
    for open_id in unusable.iter().map(Some).chain([None]) {
        for answer in [bound(), unbound()] {
            assert_eq!(
                kind(&with(answer, "openId", open_id)).await,
                ErrorKind::Malformed,
                "{open_id:?}"
            );
        }
    }
    for data in [json!(null), json!([]), json!({}), json!("oKLC")] {
        assert_eq!(
            kind(&json!({ "code": 2000, "data": data })).await,
            ErrorKind::Malformed,
            "{data}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn e4_a_bound_user_without_a_usable_credential_is_malformed() {
    let unusable = [
        json!(null),
        json!(""),
        json!(7),
        json!("t0ken "),
        json!("t0\r\nken"),
        json!("王"),
        json!("t0ken".repeat(820)),
        json!(["t0ken"]),
    ];
    for token in unusable.iter().map(Some).chain([None]) {
        assert_eq!(
            kind(&with(bound(), "token", token)).await,
            ErrorKind::Malformed,
            "{token:?}"
        );
    }
    let long = json!("t".repeat(4_096));
    assert!(
        FarEnd::once(&with(bound(), "token", Some(&long)))
            .check()
            .await
            .unwrap()
            .is_bound()
    );
}

#[tokio::test(start_paused = true)]
async fn e5_a_bound_user_without_a_usable_lifetime_is_malformed() {
    let unusable = [
        json!(null),
        json!(0),
        json!("0"),
        json!(-1),
        json!(7200.5),
        json!("soon"),
        json!("7200s"),
    ];
    for expire in unusable.iter().map(Some).chain([None]) {
        assert_eq!(
            kind(&with(bound(), "expire", expire)).await,
            ErrorKind::Malformed,
            "{expire:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn e5_a_lifetime_is_at_most_seven_days() {
    for (expire, seconds) in [
        (json!(1), 1),
        (json!(7200), 7_200),
        (json!("7200"), 7_200),
        (json!(604_800), 604_800),
        (json!(604_801), 604_800),
        (json!("9223372036854775807"), 604_800),
        (json!(u64::MAX), 604_800),
        (json!(7200.0), 7_200),
        (json!("7.2e3"), 7_200),
        (json!(1e30), 604_800),
    ] {
        let user = FarEnd::once(&with(bound(), "expire", Some(&expire)))
            .check()
            .await
            .unwrap();
        assert_eq!(
            user.expires_at(),
            Some(NOW.plus(Duration::from_secs(seconds))),
            "{expire}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn b2_integer_valued_float_is_a_lifetime() {
    let answer = r#"{"code":0,"data":{"openId":"o1","token":"t","expire":604800.0}}"#;
    let user = FarEnd::once(answer).check().await.unwrap();
    assert_eq!(
        user.expires_at(),
        Some(NOW.plus(Duration::from_secs(604_800)))
    );
}

#[tokio::test(start_paused = true)]
async fn e4_a_damaged_openid_is_no_user_and_a_damaged_message_is_no_failure() {
    for code in [0, 2000] {
        let answer = format!(
            r#"{{"code":{code},"msg":"\ud83d","data":{{"openId":"o1\ud83d","token":"t","expire":60}}}}"#
        );
        assert_eq!(kind(&answer).await, ErrorKind::Malformed);
        let user = FarEnd::once(&answer.replace(r"o1\ud83d", "o1"))
            .check()
            .await
            .unwrap();
        assert_eq!(user.open_id.as_str(), "o1");
    }
}

#[tokio::test(start_paused = true)]
async fn e6_the_members_may_be_at_the_top_and_others_beside_them() {
    let answer = json!({
        "code": "0", "openId": "o1", "token": "t", "expire": "60", "timestamp": 1, "data": null, "extra": { "code": 1 },
    });
    assert!(FarEnd::once(&answer).check().await.unwrap().is_bound());
    let parted = json!({ "code": 0, "openId": "o1", "data": { "token": "t", "expire": 60 } });
    assert_eq!(
        kind(&parted).await,
        ErrorKind::Malformed,
        "of two places only one counts"
    );
}

#[tokio::test(start_paused = true)]
async fn e7_what_is_no_json_object_is_malformed_and_not_quoted() {
    let repeated = r#"{"code":2001,"code":0,"data":{"openId":"oKLC","token":"t0ken","expire":1}}"#;
    for answer in [
        "",
        "<html>t0ken c0de</html>",
        "[]",
        "0",
        r#""t0ken""#,
        r#"{"code":0}}"#,
        repeated,
    ] {
        assert_eq!(kind(answer).await, ErrorKind::Malformed, "{answer}");
    }
    assert_eq!(
        kind(r#"{"code":2001,"msg":"t0ken c0de oKLC"}"#).await,
        ErrorKind::InvalidCode
    );
}

/// A member of an answer: one of the right values more often than not, else anything, or nothing.
fn member(right: impl Into<Vec<Value>>) -> impl Strategy<Value = Option<Value>> {
    let near = [
        json!(null),
        json!(0),
        json!("0"),
        json!(2000),
        json!("200"),
        json!(-1),
        json!(0.0),
        json!(""),
        json!("00"),
        json!("a b"),
        json!("a\u{7f}"),
        json!("王"),
        json!(true),
        json!([]),
        json!({}),
    ];
    prop_oneof![
        7 => prop::sample::select(right.into()).prop_map(Some),
        1 => prop::sample::select(near.to_vec()).prop_map(Some),
        1 => any::<i64>().prop_map(|number| Some(json!(number))),
        1 => any::<String>().prop_map(|text| Some(json!(text))),
        1 => Just(None),
    ]
}

fn members() -> impl Strategy<Value = Map<String, Value>> {
    let open_id = member([json!("o1"), json!("王")]);
    let token = member([json!("t0ken"), json!("0")]);
    let expire = member([json!(7200), json!("7200")]);
    (open_id, token, expire).prop_map(|(open_id, token, expire)| {
        let members = [("openId", open_id), ("token", token), ("expire", expire)];
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    })
}

/// Whether the answer says that a user is bound, told in another way than the client does.
fn says_bound(answer: &Value) -> bool {
    let zero = answer["code"] == json!(0) || answer["code"] == json!("0");
    let at = if answer["openId"].is_null() {
        &answer["data"]
    } else {
        answer
    };
    let text = |name: &str| at[name].as_str().unwrap_or_default();
    let number = at["expire"].as_i64().or_else(|| {
        let digits = text("expire");
        digits
            .parse()
            .ok()
            .filter(|_| digits.chars().all(|digit| digit.is_ascii_digit()))
    });
    let open_id = (1..=512).contains(&text("openId").len())
        && !text("openId").contains(|it: char| it.is_control() || it == '\u{fffd}');
    let token = !text("token").is_empty()
        && text("token")
            .chars()
            .all(|letter| ('!'..='~').contains(&letter));
    zero && open_id && token && number.is_some_and(|seconds| seconds > 0)
}

proptest! {
    #[test]
    fn user_is_bound_only_by_an_exact_response(
        code in member([json!(0), json!("0")]),
        top in prop_oneof![3 => Just(Map::new()), 1 => members()],
        data in members(),
    ) {
        let mut answer = Value::Object(top);
        answer["data"] = Value::Object(data);
        if let Some(code) = code {
            answer["code"] = code;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let outcome = runtime.block_on(FarEnd::once(&answer).check());
        let bound = outcome.is_ok_and(|user| user.is_bound());
        prop_assert_eq!(bound, says_bound(&answer), "{}", answer);
    }

    #[test]
    fn arbitrary_text_binds_no_user(answer in ".{0,64}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        prop_assert!(runtime.block_on(FarEnd::once(&answer).check()).is_err());
    }
}
