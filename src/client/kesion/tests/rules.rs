//! The E rules, one by one.

use proptest::prelude::*;

use super::super::super::address::{BaseUrl, HostAllowList};
use super::*;
use crate::trace::tests::Captured;

#[tokio::test]
async fn e1_only_status_200_is_accepted() {
    for (status, expected) in [
        (201, ErrorKind::Malformed),
        (302, ErrorKind::Malformed),
        (404, ErrorKind::Malformed),
        (500, ErrorKind::Fault),
        (502, ErrorKind::Fault),
    ] {
        assert_eq!(kind(Answer::Status(status)).await, expected, "{status}");
    }
}

#[tokio::test]
async fn e1_response_is_one_json_object_and_at_most_64_kib() {
    for text in [
        "",
        "<html>",
        "[]",
        "null",
        "true",
        r#"{"result":true,"appid":"wx1"} {}"#,
        r#"{"result":true,"appid":"wx1",}"#,
        r#"{"result":false,"result":true,"appid":"wx1"}"#,
        r#"{"result":true,"appid":"wx1","info":{"a":1,"a":2}}"#,
        "{result:true}",
    ] {
        assert_eq!(
            kind(Answer::Text(text.to_owned())).await,
            ErrorKind::Malformed,
            "{text}"
        );
    }
    let long = with(smallest(), "msg", "x".repeat(65_536).into());
    assert_eq!(kind(long).await, ErrorKind::Malformed);
    assert!(
        read(Answer::Text(format!("\u{FEFF}{}", smallest())))
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn e1_missing_response_is_a_timeout() {
    assert_eq!(kind(Answer::Hang).await, ErrorKind::Timeout);
}

#[tokio::test]
async fn e2_a_success_says_exactly_true_and_has_an_appid() {
    assert_eq!(account(smallest()).await.app_id, "wx1");
    for result in [
        json!(null),
        json!(1),
        json!("true"),
        json!("True"),
        json!({}),
        json!([true]),
        json!(1.0),
    ] {
        let answer = with(smallest(), "result", result.clone());
        assert_eq!(kind(answer).await, ErrorKind::Malformed, "{result}");
    }
    assert_eq!(kind(json!({ "appid": "wx1" })).await, ErrorKind::Malformed);
    assert_eq!(
        kind(json!({ "appid": "wx1", "msg": "success" })).await,
        ErrorKind::Malformed
    );
    assert_eq!(kind(json!({ "result": true })).await, ErrorKind::Malformed);
    let beneath = json!({ "result": true, "data": { "appid": "wx1" } });
    assert_eq!(kind(beneath).await, ErrorKind::Malformed);
}

#[tokio::test]
async fn e2_success_has_no_error_code_but_zero() {
    for zero in [json!(0), json!("0"), json!(null)] {
        account(with(smallest(), "returnCode", zero)).await;
    }
    for other in [
        json!(3001),
        json!("3002"),
        json!(1),
        json!(-1),
        json!(false),
        json!(true),
        json!(""),
        json!("00"),
        json!("-0"),
        json!(0.0),
        json!("0.0"),
        json!([]),
        json!({}),
    ] {
        let answer = with(smallest(), "returnCode", other.clone());
        assert_eq!(kind(answer).await, ErrorKind::Malformed, "{other}");
    }
}

#[tokio::test]
async fn e3_the_two_numbers_of_the_document_may_be_strings_and_need_a_false() {
    for (number, outcome) in [
        (json!(3001), AccountAuthorization::NotOpened),
        (json!("3001"), AccountAuthorization::NotOpened),
        (
            json!(3002),
            AccountAuthorization::NotAuthorized { auth_url: None },
        ),
        (
            json!("3002"),
            AccountAuthorization::NotAuthorized { auth_url: None },
        ),
    ] {
        assert_eq!(
            read(json!({ "result": false, "returnCode": number }))
                .await
                .unwrap(),
            outcome,
            "{number}"
        );
        for result in [json!(null), json!("false"), json!(0), json!(true)] {
            let answer = json!({ "result": result, "returnCode": number, "appid": "wx1" });
            assert_eq!(
                kind(answer).await,
                ErrorKind::Malformed,
                "{number} {result}"
            );
        }
        assert_eq!(
            kind(json!({ "returnCode": number })).await,
            ErrorKind::Malformed
        );
    }
}

#[tokio::test]
async fn e3_other_numbers_are_looked_up_and_unknown_ones_are_faults() {
    for answer in [
        json!({ "result": false, "returnCode": 1001 }),
        json!({ "result": false, "returnCode": "1001", "appid": "wx1" }),
        json!({ "returnCode": 1001, "msg": "access_token" }),
        json!({ "result": null, "returnCode": 1001 }),
    ] {
        let error = read(answer.clone()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.upstream_code()),
            (ErrorKind::Fault, Some(1001)),
            "{answer}"
        );
        let error_codes = ErrorCodes::kesion()
            .with(1001, ErrorAction::RefreshToken)
            .with(3001, ErrorAction::Deny);
        let client = FarEnd::new([answer.into()])
            .builder()
            .error_codes(error_codes)
            .build()
            .unwrap();
        let error = ask(&client).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.upstream_code()),
            (ErrorKind::TokenRejected, Some(1001))
        );
    }
    for unreadable in [
        json!(1.5),
        json!("x"),
        json!("99999999999999999999"),
        json!(u64::MAX),
        json!({}),
        json!(false),
    ] {
        let answer = json!({ "result": false, "returnCode": unreadable });
        assert_eq!(kind(answer).await, ErrorKind::Malformed, "{unreadable}");
    }
}

#[tokio::test]
async fn e4_the_appid_is_a_short_printable_string() {
    let longest = "x".repeat(512);
    assert_eq!(
        account(with(smallest(), "appid", longest.as_str().into()))
            .await
            .app_id,
        longest
    );
    for unusable in [
        json!(""),
        json!("x".repeat(513)),
        json!("wx\n1"),
        json!("wx\u{0}"),
        json!(7),
        json!(null),
        json!({}),
    ] {
        assert_eq!(
            kind(with(smallest(), "appid", unusable.clone())).await,
            ErrorKind::Malformed,
            "{unusable}"
        );
    }
}

#[tokio::test]
async fn e6_numbers_may_be_strings_and_flags_booleans() {
    for (number, expected) in [
        (json!(2), Some(2)),
        (json!("2"), Some(2)),
        (json!(2.0), Some(2)),
        (json!(" 2"), None),
        (json!(null), None),
    ] {
        assert_eq!(
            account(with(smallest(), "weixintype", number))
                .await
                .kind_number,
            expected
        );
    }
    for on in [json!(1), json!("1"), json!(1.0), json!("1.0"), json!(true)] {
        assert!(
            account(with(smallest(), "iswechatautologin", on))
                .await
                .auto_login
        );
    }
    for off in [
        json!(0),
        json!("0"),
        json!(false),
        json!(null),
        json!(2),
        json!("yes"),
        json!({}),
    ] {
        assert!(
            !account(with(smallest(), "iswechatautologin", off))
                .await
                .auto_login
        );
    }
    let info = json!({ "authorizer_info": {
        "verify_type_info": { "id": "-1" }, "account_status": "14",
    } });
    let account = account(with(smallest(), "info", info)).await;
    let info = account.info.as_ref().unwrap();
    assert_eq!(info.verify_type_id, Some(-1));
    assert_eq!(info.state(), Some(AccountState::Cancelled));
}

#[tokio::test]
async fn e6_absent_members_and_objects_have_many_spellings() {
    let plain = account(smallest()).await;
    assert_eq!(*plain, OfficialAccount::new("wx1"));
    for absent in [json!(null), json!({}), json!([]), json!("")] {
        let mut answer = smallest();
        for name in [
            "openname",
            "weixintype",
            "auth_url",
            "url",
            "msg",
            "weixinname",
            "weixinopenid",
            "iswechatautologin",
        ] {
            answer[name] = absent.clone();
        }
        answer["ercodeimg"] = absent.clone();
        assert_eq!(
            account(with(answer.clone(), "info", absent.clone())).await,
            plain,
            "{absent}"
        );
        let info = json!({ "authorizer_info": absent, "authorization_info": absent });
        assert_eq!(account(with(answer, "info", info)).await, plain, "{absent}");
    }
}

#[tokio::test]
async fn e6_unknown_members_of_the_description_are_kept() {
    let info = json!({
        "MiniProgramInfo": {}, "channels_info": [1],
        "authorization_info": { "func_info": [
            {}, null, 7, { "funcscope_category": {} }, { "funcscope_category": { "id": "x" } },
            { "funcscope_category": { "id": "5" }, "confirm_info": [], "more": 1 },
        ] },
    });
    let account = account(with(smallest(), "info", info.clone())).await;
    let kept = account.info.as_ref().unwrap();
    assert_eq!((&kept.raw, kept.state()), (&info, None));
}

#[tokio::test]
async fn e7_error_contains_nothing_of_a_response() {
    for answer in [
        json!({ "result": false, "msg": "s3cr3t t0ken" }),
        json!({ "result": false, "msg": "access_token s3cr3t t0ken" }),
        json!({ "result": false, "returnCode": 7, "msg": "s3cr3t" }),
        json!({ "result": false, "returnCode": "s3cr3t" }),
        json!({ "result": "s3cr3t", "appid": "wx1" }),
        json!({ "result": true, "appid": ["s3cr3t"] }),
        json!("s3cr3t"),
    ] {
        // `read` looks at the whole chain.
        assert!(read(answer).await.is_err());
    }
    assert!(read(Answer::Text("s3cr3t".to_owned())).await.is_err());
}

#[tokio::test]
async fn e7_no_secret_and_no_refused_link_is_logged_at_any_level() {
    let log = Captured::new();
    for answer in [
        authorized().into(),
        not_authorized().into(),
        Answer::Reset,
        Answer::QuoteTheUrl,
    ] {
        let client = FarEnd::new([answer])
            .builder()
            .encoding(Encoding::Query)
            .api_key("s3cr3t")
            .build()
            .unwrap();
        drop(ask(&client).await);
    }
    let lines = log.text();
    assert!(lines.contains("auth_url"), "{lines}");
    for secret in ["t0ken", "s3cr3t", "schoolid", "refreshtoken"] {
        assert!(!lines.contains(secret), "{lines}");
    }
}

#[tokio::test]
async fn e8_a_link_is_kept_only_to_the_base_url_or_an_allowed_host() {
    let links = async |url: &str| {
        let client = |answer: Value| {
            FarEnd::new([answer.into()])
                .builder()
                .allow_host("*.school.cn")
                .build()
                .unwrap()
        };
        let authorized = ask(&client(with(smallest(), "auth_url", url.into())))
            .await
            .unwrap();
        let outcome = ask(&client(with(not_authorized(), "auth_url", url.into())))
            .await
            .unwrap();
        let AccountAuthorization::NotAuthorized { auth_url } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(authorized.account().unwrap().auth_url, auth_url);
        auth_url
    };
    for kept in [
        "https://school.example/plus/auth_url?schoolid=5",
        "https://www.school.cn/plus/weixin_auth_url?a=b#c",
    ] {
        assert_eq!(links(kept).await.as_deref(), Some(kept));
    }
    for refused in [
        "http://school.example/plus/auth_url?schoolid=5",
        "http://www.school.example/plus/auth_url?schoolid=5",
        "https://evil.example/plus/auth_url",
        "https://school.example@evil.example/",
        "https://user@school.example/",
        "https://school.example\\@evil.example/",
        "https://school.example/a b",
        "https://school.example/a\r\nset-cookie: a=b",
        "javascript:alert(1)",
        "//school.example/",
        "/plus/auth_url",
        "",
    ] {
        assert_eq!(links(refused).await, None, "{refused}");
    }
}

#[tokio::test]
async fn e_damaged_text_is_repaired_and_identifiers_and_urls_are_not() {
    let log = Captured::new();
    let text = r#"{"result":true,"appid":"wx1","weixinname":"一\ud83d","weixinopenid":"gh_\ud83d","url":"http://a/\ud83d",
        "auth_url":"https://school.example/\ud83d","info":{"authorizer_info":{"nick_name":"\ude00","user_name":"\ude00"}}}"#;
    let account = account(Answer::Text(text.to_owned())).await;
    assert_eq!((&*account.name, &*account.original_id), ("一\u{fffd}", ""));
    assert_eq!((&*account.head_image, &account.auth_url), ("", &None));
    let info = account.info.as_ref().unwrap();
    assert_eq!(info.raw["authorizer_info"]["nick_name"], "\u{fffd}");
    let lines = log.text();
    assert!(lines.contains("WARN"), "{lines}");
    for field in ["weixinopenid", "url", "auth_url"] {
        assert!(
            lines.contains(&format!("field={field} ")),
            "{field}: {lines}"
        );
    }
    let damaged = r#"{"result":true,"appid":"wx1\ud83d"}"#;
    assert_eq!(
        kind(Answer::Text(damaged.to_owned())).await,
        ErrorKind::Malformed
    );
}

#[tokio::test]
async fn e_display_text_is_cut_and_longer_urls_are_dropped() {
    let long = "一".repeat(5_000);
    let mut answer = with(smallest(), "openname", long.clone().into());
    answer["url"] = format!("http://a/{long}").into();
    let account = account(answer).await;
    assert_eq!(account.owner.chars().count(), 512);
    assert_eq!(account.head_image, "");
}

#[tokio::test]
async fn f7_a_school_without_a_usable_account_is_explained_in_the_log() {
    let log = Captured::new();
    read(not_authorized()).await.unwrap();
    read(json!({ "result": false, "returnCode": 3001 }))
        .await
        .unwrap();
    let lines = log.text();
    assert!(
        lines.contains("3002") && lines.contains("opens auth_url"),
        "{lines}"
    );
    assert!(
        lines.contains("3001") && lines.contains("没有开通第三方公众号授权"),
        "{lines}"
    );
}

/// Any JSON, often with the names and values that matter.
fn any_value() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "result",
        "returnCode",
        "appid",
        "msg",
        "auth_url",
        "info",
        "authorizer_info",
        "authorization_info",
        "func_info",
        "funcscope_category",
        "id",
        "weixintype",
        "iswechatautologin",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            json!(0),
            json!("0"),
            json!(3001),
            json!("3002"),
            json!("wx1"),
            json!("true")
        ]),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..8).prop_map(|map| map
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

fn judge(body: &[u8]) -> Result<AccountAuthorization, Error> {
    let base = BaseUrl::parse("base_url", BASE, false).unwrap();
    response::account_authorization(
        body,
        &ErrorCodes::kesion(),
        &HostAllowList::of(&base),
        "test",
    )
}

proptest! {
    #[test]
    fn e3_any_json_is_authorized_only_if_it_says_so_exactly(value in any_value()) {
        if let Ok(AccountAuthorization::Authorized(account)) = judge(value.to_string().as_bytes()) {
            prop_assert_eq!(&value["result"], &json!(true));
            prop_assert!(["null", "0", "\"0\""].contains(&value["returnCode"].to_string().as_str()));
            prop_assert_eq!(value["appid"].as_str(), Some(&*account.app_id));
        }
    }

    #[test]
    fn e1_any_bytes_are_an_error_or_an_outcome(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(!matches!(judge(&bytes), Ok(AccountAuthorization::Authorized(_))));
    }

    #[test]
    fn e6_members_of_any_shape_keep_a_success(shape in any_value()) {
        let mut answer = authorized();
        for name in ["openname", "weixintype", "auth_url", "url", "weixinopenid", "iswechatautologin"] {
            answer[name] = shape.clone();
        }
        for name in ["service_type_info", "business_info", "account_status", "nick_name"] {
            answer["info"]["authorizer_info"][name] = shape.clone();
        }
        answer["info"]["authorization_info"]["func_info"] = json!([shape, { "funcscope_category": shape }]);
        prop_assert!(judge(answer.to_string().as_bytes()).unwrap().account().is_some());
        answer["info"] = shape;
        prop_assert!(judge(answer.to_string().as_bytes()).unwrap().account().is_some());
    }
}
