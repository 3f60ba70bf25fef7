//! What is around every answer: one JSON object with an error number in it.
//!
//! 1. Exactly one JSON value, an object; a byte order mark before it is skipped (RFC 8259 §8.1). No lenient
//!    parsing: the slips in the documents are in the documents only.
//! 2. A member that occurs twice makes the answer malformed, at any depth: which one counts depends on the
//!    parser, and one of them could say `0`.
//! 3. The error number must be there. It is a success if it is the integer `0` or the string `"0"`, and
//!    nothing else: no `0.0`, no `"00"`, no `false`, no `null`.
//! 4. Any other integer is looked up in the table of the upstream system.
//!
//! An answer is never quoted in an error.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::code::CodeTable;
use super::lenient::{self, Members};
use crate::error::{Error, ErrorKind};

/// How the answers of one upstream system are marked.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// The name of the member with the error number.
    code_member: &'static str,
    codes: CodeTable,
}

impl Envelope {
    pub(super) fn new(code_member: &'static str, codes: CodeTable) -> Self {
        Self { code_member, codes }
    }

    /// The object in `body`, if it says that the call was successful. `context` names the call.
    pub(super) fn open(
        &self,
        body: &[u8],
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        let object = object(body).map_err(|flaw| flaw.error(context))?;
        match code(object.get(self.code_member)) {
            Some(0) => Ok(object),
            Some(code) => {
                Err(Error::new(self.codes.reaction(code).kind(), context).with_upstream_code(code))
            }
            None => Err(Flaw::Code(self.code_member).error(context)),
        }
    }
}

/// The members that hold `needed`: those at the top, or those of `data`, where some pages say they are.
pub(super) fn members<'a>(object: &'a Map<String, Value>, needed: &str) -> Members<'a> {
    let top = Members::new(object);
    if top.has(needed) {
        top
    } else {
        top.object("data").unwrap_or(top)
    }
}

/// What is wrong with an answer. The source of an [`Error`]; quotes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("the answer is not one JSON object without repeated members")]
    Json,
    #[error("the answer has no readable {0:?}")]
    Code(&'static str),
    #[error("the answer has no usable {0:?}")]
    Member(&'static str),
}

impl Flaw {
    pub(super) fn error(self, context: &'static str) -> Error {
        Error::new(ErrorKind::Malformed, context).with_source(self)
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match serde_json::from_slice(body) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        // The parser's own message may quote the body.
        Ok(Strict(_)) | Err(_) => Err(Flaw::Json),
    }
}

fn code(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    let code = lenient::integer(value)?;
    // Of all that reads as zero only these two are a success.
    let sound = code != 0 || value.is_number() || value.as_str() == Some("0");
    sound.then_some(code)
}

/// A JSON value without repeated members; `serde_json` by itself would keep the last one.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = object.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("repeated member"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn open(body: impl AsRef<[u8]>) -> Result<Map<String, Value>, ErrorKind> {
        Envelope::new("errcode", CodeTable::weika())
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
        malformed(b"{\"errcode\":0,\"a\":\"\xFF\"}");
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
        let error = Envelope::new("errcode", CodeTable::weika())
            .open(br#"{"errcode":"40008"}"#, "test")
            .unwrap_err();
        assert_eq!(error.upstream_code(), Some(40008));
    }

    #[test]
    fn e2_needed_members_may_be_under_data() {
        let top = json!({ "it": 1, "data": { "it": 2 } });
        assert_eq!(
            members(top.as_object().unwrap(), "it").integer("it"),
            Some(1)
        );
        for under in [
            json!({ "data": { "it": 2 } }),
            json!({ "it": null, "data": { "it": 2 } }),
        ] {
            assert_eq!(
                members(under.as_object().unwrap(), "it").integer("it"),
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
                members(absent.as_object().unwrap(), "it").integer("it"),
                None
            );
        }
    }

    #[test]
    fn e7_the_body_never_enters_an_error() {
        let envelope = Envelope::new("errcode", CodeTable::weika());
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
}
