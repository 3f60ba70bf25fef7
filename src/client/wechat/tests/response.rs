//! Responses and their outcomes.

use proptest::prelude::*;

use super::*;

async fn kind(reply: &(impl ToString + ?Sized)) -> ErrorKind {
    failure(&ImitatedWechat::once(reply)).await.kind()
}

#[tokio::test(start_paused = true)]
async fn user_is_parsed_and_no_token_is_kept() {
    let user = ImitatedWechat::once(&success()).user().await.unwrap();
    assert_eq!((user.open_id.as_str(), &*user.app_id), (OPEN_ID, "wx1"));
    assert_eq!(user.subject(), format!("wx1:{OPEN_ID}"));
    assert!(matches!(user.binding, Binding::Unchecked));
    assert!(user.union_id.is_none() && !user.is_snapshot_user);
    let shown = format!("{user:?}");
    assert!(!shown.contains("t0ken") && !shown.contains("refre5h"));
}

#[tokio::test(start_paused = true)]
async fn unionid_is_optional_data_and_never_the_subject() {
    let reply = with("unionid", Some(&json!("o6_bmasdasdsad6_2sgVt7hMZOPfL")));
    let user = ImitatedWechat::once(&reply).user().await.unwrap();
    let union_id = user.union_id.as_ref().map(|it| it.as_str());
    assert_eq!(union_id, Some("o6_bmasdasdsad6_2sgVt7hMZOPfL"));
    assert_eq!(user.subject(), format!("wx1:{OPEN_ID}"));
    for unusable in [
        json!(null),
        json!(""),
        json!(7),
        json!("a\nb"),
        json!("o6\u{fffd}"),
        json!("x".repeat(513)),
        json!({}),
        json!(["o6"]),
    ] {
        let reply = with("unionid", Some(&unusable));
        let user = ImitatedWechat::once(&reply).user().await.unwrap();
        assert_eq!(user.union_id, None, "{unusable}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_documented_number_maps_to_its_documented_kind() {
    for (number, expected) in [
        (-1, ErrorKind::Busy),
        (40029, ErrorKind::InvalidCode),
        (40163, ErrorKind::InvalidCode),
        (41008, ErrorKind::InvalidCode),
        (40001, ErrorKind::Configuration),
        (40013, ErrorKind::Configuration),
        (40125, ErrorKind::Configuration),
        (40164, ErrorKind::Configuration),
        (40243, ErrorKind::Configuration),
        (48001, ErrorKind::Configuration),
        (61004, ErrorKind::Configuration),
        (61007, ErrorKind::Configuration),
        (45009, ErrorKind::Busy),
        (45011, ErrorKind::Busy),
        (40002, ErrorKind::Fault),
        (40014, ErrorKind::Fault),
        (41001, ErrorKind::Fault),
        (41002, ErrorKind::Fault),
        (41004, ErrorKind::Fault),
        (42001, ErrorKind::Fault),
    ] {
        for errcode in [json!(number), json!(number.to_string())] {
            // Also beside all members of a success.
            let refusal = json!({ "errcode": errcode, "errmsg": "s3cr3t c0de, rid: 1" });
            for reply in [refusal, with("errcode", Some(&errcode))] {
                let error = failure(&ImitatedWechat::once(&reply)).await;
                assert_eq!(
                    (error.kind(), error.upstream_code()),
                    (expected, Some(number)),
                    "{reply}"
                );
                assert!(error.meaning().is_some() && error.remedy().is_some());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn e2_errcode_that_is_present_has_to_be_zero() {
    for errcode in [json!(0), json!("0")] {
        let reply = with("errcode", Some(&errcode));
        assert!(ImitatedWechat::once(&reply).user().await.is_ok());
    }
    for errcode in [
        json!(null),
        json!("00"),
        json!("-0"),
        json!(0.0),
        json!(""),
        json!("ok"),
        json!(false),
        json!([]),
        json!({}),
    ] {
        let reply = with("errcode", Some(&errcode));
        assert_eq!(kind(&reply).await, ErrorKind::Malformed, "{reply}");
    }
    for errcode in [json!(1), json!("6001"), json!(200), json!(i64::MIN)] {
        let reply = with("errcode", Some(&errcode));
        assert_eq!(kind(&reply).await, ErrorKind::Fault, "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn e4_without_a_token_and_an_openid_there_is_no_user() {
    let unusable = [
        json!(null),
        json!(""),
        json!(0),
        json!(7),
        json!(true),
        json!("a\nb"),
        json!("o1\u{fffd}"),
        json!("x".repeat(4_097)),
        json!({}),
        json!(["o1"]),
    ];
    for name in ["openid", "access_token"] {
        for value in unusable.iter().map(Some).chain([None]) {
            let reply = with(name, value);
            assert_eq!(kind(&reply).await, ErrorKind::Malformed, "{reply}");
        }
    }
    let long = with("openid", Some(&json!("x".repeat(513))));
    assert_eq!(kind(&long).await, ErrorKind::Malformed);
    // The members of other systems, and of a nested object.
    for reply in [
        json!({ "access_token": "t0ken", "openId": OPEN_ID }),
        json!({ "access_token": "t0ken", "unionid": OPEN_ID }),
        json!({ "data": success() }),
        json!({ "errmsg": "invalid code" }),
        json!({ "error": "invalid_grant", "error_description": "t0ken" }),
        json!({}),
    ] {
        assert_eq!(kind(&reply).await, ErrorKind::Malformed, "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn snapshot_users_are_denied_unless_they_are_allowed() {
    let denied = [
        json!(1),
        json!("1"),
        json!(1.0),
        json!("1.0"),
        json!(true),
        json!(2),
        json!(-1),
        json!(0.5),
        json!("true"),
        json!("false"),
        json!("yes"),
        json!(""),
        json!(" 0"),
        json!([]),
        json!({}),
        json!([0]),
    ];
    for flag in &denied {
        let reply = with("is_snapshotuser", Some(flag));
        let error = failure(&ImitatedWechat::once(&reply)).await;
        assert_eq!(error.kind(), ErrorKind::Denied, "{flag}");
        assert!(error.to_string().contains("快照页"));
        let client = ImitatedWechat::once(&reply)
            .builder()
            .allow_snapshot_users()
            .build()
            .unwrap();
        let user = client.user(AuthorizationCode::new("c0de")).await.unwrap();
        assert!(user.is_snapshot_user, "{flag}");
    }
    for flag in [
        Some(&json!(0)),
        Some(&json!("0")),
        Some(&json!(0.0)),
        Some(&json!(false)),
        Some(&json!(null)),
        None,
    ] {
        let reply = with("is_snapshotuser", flag);
        let user = ImitatedWechat::once(&reply).user().await.unwrap();
        assert!(!user.is_snapshot_user, "{flag:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn e7_response_that_is_not_a_json_object_is_malformed_and_not_quoted() {
    let repeated = r#"{"errcode":40029,"access_token":"t0ken","openid":"a","openid":"oKLC"}"#;
    for reply in [
        "",
        "<html>t0ken c0de</html>",
        "[]",
        "0",
        r#""t0ken""#,
        r#"{"openid":"oKLC","access_token":"t0ken"}}"#,
        r#"callback( {"openid":"oKLC"} );"#,
        repeated,
    ] {
        assert_eq!(kind(reply).await, ErrorKind::Malformed, "{reply}");
    }
}

fn member(right: Value) -> impl Strategy<Value = Option<Value>> {
    let near = [
        json!(null),
        json!(0),
        json!(1),
        json!("0"),
        json!(40029),
        json!(0.0),
        json!(""),
        json!("a\u{7f}"),
        json!("王"),
        json!(true),
        json!([]),
        json!({}),
    ];
    prop_oneof![
        6 => Just(Some(right)),
        1 => prop::sample::select(near.to_vec()).prop_map(Some),
        1 => any::<i64>().prop_map(|number| Some(json!(number))),
        1 => any::<String>().prop_map(|text| Some(json!(text))),
        2 => Just(None),
    ]
}

/// Whether the response means a user, by another implementation than that of the client.
fn says_user(reply: &Value) -> bool {
    let text = |name: &str| reply[name].as_str().unwrap_or_default();
    let errcode = match reply.get("errcode") {
        None => true,
        Some(value) => *value == json!(0) || *value == json!("0"),
    };
    let open_id = (1..=512).contains(&text("openid").len())
        && !text("openid").contains(|it: char| it.is_control() || it == '\u{fffd}');
    let token = !text("access_token").is_empty()
        && text("access_token")
            .chars()
            .all(|letter| ('!'..='~').contains(&letter));
    let snapshot = &reply["is_snapshotuser"];
    let real = match snapshot {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            text.parse() == Ok(0.0) && text.bytes().all(|byte| b"-0.eE+".contains(&byte))
        }
        _ => false,
    };
    errcode && open_id && token && real
}

proptest! {
    #[test]
    fn user_is_returned_only_for_an_exact_response(
        errcode in prop_oneof![3 => Just(None), 1 => member(json!(0))],
        open_id in member(json!("o1")),
        token in member(json!("t")),
        snapshot in prop_oneof![1 => Just(None), 1 => member(json!(0))],
    ) {
        let members = [("errcode", errcode), ("openid", open_id), ("access_token", token), ("is_snapshotuser", snapshot)];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let reply = Value::Object(members.collect());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let outcome = runtime.block_on(ImitatedWechat::once(&reply).user());
        prop_assert_eq!(outcome.is_ok(), says_user(&reply), "{}", reply);
    }

    #[test]
    fn arbitrary_text_is_no_user(reply in ".{0,64}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        prop_assert!(runtime.block_on(ImitatedWechat::once(&reply).user()).is_err());
    }
}
