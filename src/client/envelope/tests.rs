use std::error::Error as _;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::client::ErrorCodes;
use crate::client::values::Members;
use crate::error::ErrorKind;
use crate::trace::tests::Captured;

fn open(body: impl AsRef<[u8]>) -> Result<Map<String, Value>, ErrorKind> {
    Envelope::new("errcode", ErrorCodes::weika())
        .open(body.as_ref(), "test")
        .map_err(|error| error.kind())
}

#[track_caller]
fn malformed(body: impl AsRef<[u8]>) {
    let body = body.as_ref();
    assert_eq!(
        open(body),
        Err(ErrorKind::Malformed),
        "{}",
        String::from_utf8_lossy(body)
    );
}

#[test]
fn e1_strict_json_and_one_value() {
    assert!(open(r#" {"errcode":0} "#).is_ok());
    for body in [
        "",
        " ",
        "null",
        "[]",
        "0",
        "<html>502</html>",
        r#"{"errcode":0"#,
        r#"{"errcode":0,}"#,
        r#"{"errcode":0}{"errcode":0}"#,
        r#"{"errcode":0} x"#,
        r#"{"errcode":0, // ok
        "a":1}"#,
        r#"{errcode:0}"#,
        r#"{"errcode":0 "errmsg":"success"}"#,
    ] {
        malformed(body);
    }
    malformed(b"{\"errcode\":0,\"a\":\xFF}");
}

#[test]
fn e1_one_byte_order_mark_is_skipped() {
    assert!(open("\u{FEFF}{\"errcode\":0}").is_ok());
    malformed("\u{FEFF}\u{FEFF}{\"errcode\":0}");
    malformed("\u{FEFF}");
}

#[test]
fn e1_escapes_as_php_writes_them_are_read() {
    let object =
        open(r#"{"errcode":0,"name":"\u738b","host":"https:\/\/uni.weixiao.qq.com"}"#).unwrap();
    assert_eq!(object["name"], "王");
    assert_eq!(object["host"], "https://uni.weixiao.qq.com");
}

#[test]
fn e1_depth_is_limited() {
    malformed(format!(
        r#"{{"errcode":0,"a":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    ));
}

#[test]
fn e2_only_integer_zero_and_string_zero_are_success() {
    assert!(open(r#"{"errcode":0}"#).is_ok());
    assert!(open(r#"{"errcode":"0"}"#).is_ok());
    for code in [
        "0.0",
        "-0",
        "0e0",
        "0E1",
        "1e-400",
        "\"00\"",
        "\"-0\"",
        "\"+0\"",
        "\"0.0\"",
        "\" 0\"",
        "\"0 \"",
        "\"\"",
        "\"ok\"",
        "\"success\"",
        "false",
        "true",
        "null",
        "[]",
        "[0]",
        "{}",
    ] {
        malformed(format!(r#"{{"errcode":{code}}}"#));
    }
}

#[test]
fn e2_a_missing_code_is_not_a_success() {
    malformed(r#"{"errmsg":"success","access_token":"t"}"#);
    malformed(r#"{"data":{"errcode":0}}"#);
    malformed(r#"{"code":0}"#);
    malformed(r#"{"ERRCODE":0}"#);
}

#[test]
fn e2_a_repeated_member_is_malformed_at_any_depth() {
    malformed(r#"{"errcode":6001,"errcode":0}"#);
    malformed(r#"{"errcode":0,"errcode":0}"#);
    malformed(r#"{"errcode":0,"\u0065rrcode":1}"#);
    malformed(r#"{"errcode":0,"data":{"user_id":"a","user_id":"b"}}"#);
    malformed(r#"{"errcode":0,"schools":[{"school_code":"1","school_code":"2"}]}"#);
}

#[test]
fn e3_other_codes_are_integers_or_decimal_strings() {
    assert_eq!(
        open(r#"{"errcode":"6001","errmsg":"invalid code"}"#),
        Err(ErrorKind::InvalidCode)
    );
    assert_eq!(open(r#"{"errcode":6001}"#), Err(ErrorKind::InvalidCode));
    assert_eq!(open(r#"{"errcode":-1}"#), Err(ErrorKind::Fault));
    assert_eq!(open(r#"{"errcode":"-1"}"#), Err(ErrorKind::Fault));
    assert_eq!(
        open(r#"{"errcode":9223372036854775807}"#),
        Err(ErrorKind::Fault)
    );
    malformed(r#"{"errcode":9223372036854775808}"#);
    malformed(r#"{"errcode":"9223372036854775808"}"#);
    malformed(r#"{"errcode":"00000000000000000001"}"#);
    malformed(r#"{"errcode":6001.5}"#);
    malformed(r#"{"errcode":"6001x"}"#);
}

#[test]
fn e3_the_number_is_kept() {
    let error = Envelope::new("errcode", ErrorCodes::weika())
        .open(br#"{"errcode":"40008"}"#, "test")
        .unwrap_err();
    assert_eq!(error.upstream_code(), Some(40008));
}

#[test]
fn e2_needed_members_may_be_under_data() {
    let top = json!({ "it": 1, "data": { "it": 2 } });
    assert_eq!(
        members(top.as_object().unwrap(), "it", "test").whole_number("it"),
        Some(1)
    );
    for under in [
        json!({ "data": { "it": 2 } }),
        json!({ "it": null, "data": { "it": 2 } }),
    ] {
        assert_eq!(
            members(under.as_object().unwrap(), "it", "test").whole_number("it"),
            Some(2)
        );
    }
    for absent in [
        json!({}),
        json!({ "data": [] }),
        json!({ "data": null }),
        json!({ "data": "it" }),
    ] {
        assert_eq!(
            members(absent.as_object().unwrap(), "it", "test").whole_number("it"),
            None
        );
    }
}

#[test]
fn e1_damaged_display_text_is_repaired_with_a_warning_that_names_it() {
    let log = Captured::new();
    let object = open(
        r#"{"errcode":0,"name":"王\ud83d","data":{"schools":[{"school_name":"\ude00","n":1}]}}"#,
    )
    .unwrap();
    assert_eq!(object["name"], "王\u{fffd}");
    assert_eq!(object["data"]["schools"][0]["school_name"], "\u{fffd}");
    let lines = log.text();
    assert!(
        lines.contains("WARN") && lines.contains("fields=name schools.school_name"),
        "{lines}"
    );
    assert!(!lines.contains('王'), "{lines}");
    assert_eq!(
        open(b"{\"errcode\":0,\"name\":\"a\xF0\x9F\"}").unwrap()["name"],
        "a\u{fffd}"
    );
}

#[test]
fn e1_intact_text_leaves_no_warning() {
    let log = Captured::new();
    assert_eq!(
        open("{\"errcode\":0,\"name\":\"\u{fffd}\",\"a\":\"\\ufffd\"}").unwrap()["name"],
        "\u{fffd}"
    );
    assert_eq!(log.text(), "");
}

#[test]
fn e1_repair_changes_nothing_but_text() {
    for body in [
        r#"{"errcode":0,"name":"\ud83d",}"#,
        r#"{"errcode":0,"name":"\ud83d"} {}"#,
        r#"{"errcode":0,"name":"\ud83d","name":"a"}"#,
        r#"{"errcode":0,"errcode":1,"name":"\ud83d"}"#,
        r#"{"errcode":0,"name":"\ud83d"#,
        r#"["\ud83d"]"#,
        r#""\ud83d""#,
    ] {
        malformed(body);
    }
    let number = open(r#"{"errcode":"6001","errmsg":"\ud83d"}"#);
    assert_eq!(number, Err(ErrorKind::InvalidCode));
}

#[test]
fn e1_number_beyond_f64_does_not_make_a_response_malformed() {
    let object =
        open(r#"{"errcode":0,"expires_in":1e400,"idc":-1e999999999,"name":"\ud83d"}"#).unwrap();
    let members = Members::new(&object, "test");
    assert_eq!(
        members.seconds("expires_in").map(|it| it.as_secs()),
        Some(u64::MAX)
    );
    assert_eq!(
        (
            members.whole_number("idc"),
            members.identifier_or_number("expires_in")
        ),
        (None, None)
    );
    assert_eq!(object["name"], "\u{fffd}");
    for body in [
        r#"{"errcode":1e400}"#,
        r#"{"errcode":0,"a":01e400}"#,
        r#"{"errcode":0,"a":1e400,"a":1}"#,
    ] {
        malformed(body);
    }
}

#[test]
fn e2_a_damaged_code_or_name_is_malformed() {
    malformed(r#"{"errcode":"0\ud83d"}"#);
    malformed(r#"{"errcode":"\ud83d"}"#);
    malformed(r#"{"errcode":0,"\ud83d":1}"#);
    malformed(r#"{"errcode":0,"data":[{"a\ude00":"b"}]}"#);
    malformed(r#"{"errcode\ud83d":0,"name":"a"}"#);
    // Equal after the repair.
    malformed(r#"{"errcode":0,"a\ud83d":1,"a\ud83e":2}"#);
    malformed(b"{\"errcode\":0,\"a\xFF\":1,\"a\xFE\":2}");
}

#[test]
fn e4_response_returned_as_a_whole_has_no_damaged_identifier() {
    let check = |answer: Value| {
        check_identifiers(answer.as_object().unwrap(), "test").map_err(|error| error.kind())
    };
    for refused in [
        json!({ "user_id": "a\u{fffd}" }),
        json!({ "openId": "\u{fffd}" }),
        json!({ "UNIONID": "\u{fffd}" }),
        json!({ "a": [{ "school_code": "\u{fffd}" }] }),
        json!({ "open_ids": ["a", "\u{fffd}"] }),
        json!({ "card_number": { "access_token": ["\u{fffd}"] } }),
    ] {
        assert_eq!(
            check(refused.clone()),
            Err(ErrorKind::Malformed),
            "{refused}"
        );
    }
    for accepted in [
        json!({ "name": "\u{fffd}", "user_id": "a", "list": ["\u{fffd}"] }),
        json!({ "card_number": { "name": "\u{fffd}" } }),
    ] {
        assert_eq!(check(accepted.clone()), Ok(()), "{accepted}");
    }
}

#[test]
fn e7_the_body_never_enters_an_error() {
    let envelope = Envelope::new("errcode", ErrorCodes::weika());
    for body in [
        r#"{"errcode":"s3cr3t"}"#,
        r#"{"errcode":1,"errmsg":"s3cr3t"}"#,
        r#"{"errcode":0,"s3cr3t":1,"s3cr3t":2}"#,
        r#""s3cr3t""#,
        "s3cr3t",
    ] {
        let error = envelope.open(body.as_bytes(), "test").unwrap_err();
        let source = error.source().map(ToString::to_string);
        assert!(
            !format!("{error} {error:?} {source:?}").contains("s3cr3t"),
            "{error:?}"
        );
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "-?[0-9]{0,21}|.{0,8}".prop_map(Value::from),
        Just(json!(0)),
        Just(json!("0")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("errcode|data|user_id|.{0,4}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn e1_valid_json_is_read_as_serde_json_reads_it(value in any_json()) {
        let log = Captured::new();
        let body = value.to_string();
        let read = object(body.as_bytes(), "test");
        match serde_json::from_str::<Value>(&body).unwrap() {
            Value::Object(expected) => prop_assert_eq!(read.unwrap(), expected),
            _ => prop_assert!(read.is_err()),
        }
        prop_assert_eq!(log.text(), "");
    }

    #[test]
    fn e1_damage_changes_only_the_damaged_text(value in any_json(), prefix in "\\PC{0,4}") {
        let name = Value::from(prefix.as_str()).to_string();
        let body = format!(r#"{{"value":{value},"name":{}\udbff"}}"#, name.strip_suffix('"').unwrap());
        let read = object(body.as_bytes(), "test");
        if value.to_string().contains('\u{fffd}') {
            return Ok(());
        }
        let read = read.unwrap();
        let expected: Value = serde_json::from_str(&value.to_string()).unwrap();
        prop_assert_eq!(&read["value"], &expected);
        prop_assert_eq!(&read["name"], &Value::from(format!("{prefix}\u{fffd}")));
    }

    #[test]
    fn e2_arbitrary_bytes_never_panic_and_never_succeed(body in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(open(body).is_err());
    }

    #[test]
    fn e2_arbitrary_text_as_code_succeeds_only_as_zero(code in "[-+0-9a-z. \"\\[\\]{}:]{0,6}") {
        let succeeds = open(format!(r#"{{"errcode":{code}}}"#)).is_ok();
        prop_assert_eq!(succeeds, matches!(code.trim(), "0" | "\"0\""), "{}", code);
    }

    #[test]
    fn e2_arbitrary_json_succeeds_only_by_the_rule(value in any_json()) {
        let by_the_rule = value.get("errcode").is_some_and(|code| {
            code.as_str() == Some("0") || code.as_u64() == Some(0)
        });
        prop_assert_eq!(open(value.to_string()).is_ok(), by_the_rule);
    }

    #[test]
    fn e2_arbitrary_codes_succeed_only_by_the_rule(value in any_json()) {
        let by_the_rule = value.as_str() == Some("0") || value.as_u64() == Some(0);
        let body = json!({ "errcode": value, "user_id": "o1" }).to_string();
        prop_assert_eq!(open(body).is_ok(), by_the_rule);
    }
}
