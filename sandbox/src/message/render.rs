//! Rendering of JSON replies under the variations that are on.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::rewrite;
use crate::response_format::{ResponseFormat, as_integer};
use crate::state::variation::{ContentTypeForm, ErrcodeForm, ErrmsgForm, Variation};

/// Returns the `Content-Type` of JSON.
pub(crate) fn content_type(
    format: ResponseFormat,
    variations: &[Variation],
) -> Option<&'static str> {
    for variation in variations {
        match variation {
            Variation::ContentType(ContentTypeForm::TextPlain) => return Some("text/plain"),
            Variation::ContentType(ContentTypeForm::TextHtml) => {
                return Some("text/html; charset=UTF-8");
            }
            Variation::ContentType(ContentTypeForm::Absent) => return None,
            _ => {}
        }
    }
    Some(match format {
        ResponseFormat::Wechat => "text/plain",
        _ => "application/json",
    })
}

/// Returns a JSON document as bytes.
pub(crate) fn json(
    format: ResponseFormat,
    mut body: Map<String, Value>,
    variations: &[Variation],
) -> Bytes {
    let errcode = body.remove(format.code_field());
    let errmsg = body.remove(format.message_field());
    if variations.contains(&Variation::IdentifiersAsNumbers) {
        body.iter_mut()
            .for_each(|(name, value)| rewrite::number_identifiers(name, value));
    }
    if variations.contains(&Variation::NumbersAsFloats) {
        body.values_mut().for_each(rewrite::float_numbers);
    }
    if variations.contains(&Variation::NumbersAsStrings) {
        body.values_mut().for_each(rewrite::stringify_numbers);
    }
    let cut = variations.iter().find_map(|variation| match variation {
        Variation::CutNames(form) => Some(*form),
        _ => None,
    });
    if cut.is_some() {
        body.iter_mut()
            .for_each(|(name, value)| rewrite::mark_names(name, value));
    }
    // The binding service has `data` anyway; Kesion's documents know none.
    if format == ResponseFormat::Weika && variations.contains(&Variation::UnderData) {
        body = Map::from_iter([("data".to_owned(), Value::Object(body))]);
    }
    if let Some(errcode) = errcode.and_then(|it| errcode_form(it, variations)) {
        body.insert(format.code_field().to_owned(), errcode);
    }
    if let Some(errmsg) = errmsg.and_then(|it| errmsg_form(it, variations)) {
        body.insert(format.message_field().to_owned(), errmsg);
    }
    let mut body = Value::Object(body);
    if variations.contains(&Variation::UnknownFields) {
        rewrite::add_unknown_members(&mut body);
    }
    let mut text = body.to_string();
    if variations.contains(&Variation::EscapedSlashes) {
        // JSON has slashes only in strings.
        text = text.replace('/', "\\/");
    }
    if variations.contains(&Variation::EscapedUnicode) {
        text = rewrite::escape_unicode(&text);
    }
    if variations.contains(&Variation::ByteOrderMark) {
        text.insert(0, '\u{feff}');
    }
    match cut {
        Some(form) => rewrite::cut_at_marks(&text, form).into(),
        None => text.into(),
    }
}

fn errcode_form(errcode: Value, variations: &[Variation]) -> Option<Value> {
    let form = variations.iter().find_map(|variation| match variation {
        Variation::Errcode(form) => Some(*form),
        _ => None,
    });
    let (Some(form), Some(n)) = (form, as_integer(&errcode)) else {
        return Some(errcode);
    };
    Some(match form {
        ErrcodeForm::Integer => json!(n),
        ErrcodeForm::String => json!(n.to_string()),
        ErrcodeForm::Absent => return None,
        ErrcodeForm::Null => Value::Null,
        ErrcodeForm::Float => float(&format!("{n}.0")),
        ErrcodeForm::Fraction => float(&format!("{n}.5")),
        ErrcodeForm::Boolean => json!(n != 0),
        ErrcodeForm::Empty => json!(""),
        ErrcodeForm::Padded => json!(format!(" {n}")),
        ErrcodeForm::LeadingZero => json!(format!("0{n}")),
        ErrcodeForm::Overlong => json!("18446744073709551616"),
        ErrcodeForm::Array => json!([n]),
        ErrcodeForm::Object => json!({}),
    })
}

fn errmsg_form(errmsg: Value, variations: &[Variation]) -> Option<Value> {
    let form = variations.iter().find_map(|variation| match variation {
        Variation::Errmsg(form) => Some(*form),
        _ => None,
    });
    Some(match form {
        None => errmsg,
        Some(ErrmsgForm::Ok) => json!("ok"),
        Some(ErrmsgForm::UpperOk) => json!("OK"),
        Some(ErrmsgForm::Success) => json!("success"),
        Some(ErrmsgForm::WithRequestId) => {
            let message = errmsg.as_str().unwrap_or_default();
            json!(format!("{message}, rid: 632bc26a-1f8e3c5d-7a90b1c2"))
        }
        Some(ErrmsgForm::Absent) => return None,
    })
}

fn float(text: &str) -> Value {
    text.parse()
        .map_or(Value::Null, |number: f64| json!(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::variation::CutForm;

    /// A success of Weika with these members.
    fn success(members: Value) -> Map<String, Value> {
        let Value::Object(mut body) = members else {
            panic!("{members} is no object")
        };
        body.extend([
            ("errcode".to_owned(), json!(0)),
            ("errmsg".to_owned(), json!("success")),
        ]);
        body
    }

    fn refusal() -> Map<String, Value> {
        Map::from_iter([
            ("errcode".to_owned(), json!("6001")),
            ("errmsg".to_owned(), json!("invalid code")),
        ])
    }

    fn text(body: &Map<String, Value>, variations: &[Variation]) -> String {
        String::from_utf8(json(ResponseFormat::Weika, body.clone(), variations).to_vec()).unwrap()
    }

    #[test]
    fn errcode_takes_every_form() {
        let success = success(json!({}));
        let refusal = refusal();
        for (form, zero, other) in [
            (ErrcodeForm::Integer, "0", "6001"),
            (ErrcodeForm::String, r#""0""#, r#""6001""#),
            (ErrcodeForm::Null, "null", "null"),
            (ErrcodeForm::Float, "0.0", "6001.0"),
            (ErrcodeForm::Fraction, "0.5", "6001.5"),
            (ErrcodeForm::Boolean, "false", "true"),
            (ErrcodeForm::Empty, r#""""#, r#""""#),
            (ErrcodeForm::Padded, r#"" 0""#, r#"" 6001""#),
            (ErrcodeForm::LeadingZero, r#""00""#, r#""06001""#),
            (ErrcodeForm::Array, "[0]", "[6001]"),
            (ErrcodeForm::Object, "{}", "{}"),
        ] {
            let variations = [Variation::Errcode(form)];
            assert_eq!(
                text(&success, &variations),
                format!(r#"{{"errcode":{zero},"errmsg":"success"}}"#)
            );
            assert_eq!(
                text(&refusal, &variations),
                format!(r#"{{"errcode":{other},"errmsg":"invalid code"}}"#)
            );
        }
        let overlong = text(&success, &[Variation::Errcode(ErrcodeForm::Overlong)]);
        assert_eq!(
            overlong,
            r#"{"errcode":"18446744073709551616","errmsg":"success"}"#
        );
        let absent = text(&success, &[Variation::Errcode(ErrcodeForm::Absent)]);
        assert_eq!(absent, r#"{"errmsg":"success"}"#);
    }

    #[test]
    fn errmsg_takes_every_form() {
        let refusal = refusal();
        for (form, words) in [
            (ErrmsgForm::Ok, r#","errmsg":"ok""#),
            (ErrmsgForm::UpperOk, r#","errmsg":"OK""#),
            (ErrmsgForm::Success, r#","errmsg":"success""#),
            (ErrmsgForm::Absent, ""),
            (
                ErrmsgForm::WithRequestId,
                r#","errmsg":"invalid code, rid: 632bc26a-1f8e3c5d-7a90b1c2""#,
            ),
        ] {
            assert_eq!(
                text(&refusal, &[Variation::Errmsg(form)]),
                format!(r#"{{"errcode":"6001"{words}}}"#)
            );
        }
    }

    #[test]
    fn each_variation_changes_only_its_member() {
        let body = success(json!({ "a": { "n": -1, "s": "/王🌸" }, "l": [{}] }));
        for (variation, expected) in [
            (
                Variation::EscapedSlashes,
                r#"{"a":{"n":-1,"s":"\/王🌸"},"errcode":0,"errmsg":"success","l":[{}]}"#,
            ),
            (
                Variation::EscapedUnicode,
                r#"{"a":{"n":-1,"s":"/\u738b\ud83c\udf38"},"errcode":0,"errmsg":"success","l":[{}]}"#,
            ),
            (
                Variation::NumbersAsStrings,
                r#"{"a":{"n":"-1","s":"/王🌸"},"errcode":0,"errmsg":"success","l":[{}]}"#,
            ),
            (
                Variation::UnderData,
                r#"{"data":{"a":{"n":-1,"s":"/王🌸"},"l":[{}]},"errcode":0,"errmsg":"success"}"#,
            ),
            (
                Variation::ByteOrderMark,
                "\u{feff}{\"a\":{\"n\":-1,\"s\":\"/王🌸\"},\"errcode\":0,\"errmsg\":\"success\",\"l\":[{}]}",
            ),
            (
                Variation::UnknownFields,
                r#"{"a":{"n":-1,"s":"/王🌸","z_added_in_2030":{"deep":[1,null,"新"]}},"errcode":0,"errmsg":"success","l":[{}],"z_added_in_2030":{"deep":[1,null,"新"]}}"#,
            ),
        ] {
            assert_eq!(
                text(&body, std::slice::from_ref(&variation)),
                expected,
                "{variation:?}"
            );
            assert_eq!(
                content_type(ResponseFormat::Weika, &[variation]),
                Some("application/json")
            );
        }
    }

    #[test]
    fn values_take_the_spelling_of_the_quirk() {
        let body = success(json!({
            "name": "王", "n": 7200, "schools": [{ "school_code": "1014714333", "school_name": "一中" }],
            "manager_real_info": { "card_number": "T2018" },
        }));
        let floats = text(&body, &[Variation::NumbersAsFloats]);
        assert!(
            floats.contains(r#""n":7200.0"#) && floats.contains(r#""errcode":0,"#),
            "{floats}"
        );
        assert!(
            text(
                &body,
                &[Variation::NumbersAsFloats, Variation::NumbersAsStrings]
            )
            .contains(r#""n":"7200.0""#)
        );
        let numbers = text(&body, &[Variation::IdentifiersAsNumbers]);
        assert!(
            numbers.contains(r#""school_code":1014714333,"#) && numbers.contains(r#""T2018""#),
            "{numbers}"
        );
        for variations in [
            &[Variation::CutNames(CutForm::Surrogate)][..],
            &[
                Variation::EscapedUnicode,
                Variation::CutNames(CutForm::Surrogate),
            ],
        ] {
            let cut = text(&body, variations);
            assert_eq!(cut.matches(r#"\ud83d""#).count(), 2, "{cut}");
        }
        let cut = json(
            ResponseFormat::Weika,
            body,
            &[Variation::CutNames(CutForm::Utf8)],
        );
        assert!(
            cut.windows(7)
                .any(|window| window == b"\xE7\x8E\x8B\xF0\x9F\x98\""),
            "{cut:?}"
        );
    }

    #[test]
    fn content_type_is_wrong_only_with_its_variation() {
        for (form, expected) in [
            (ContentTypeForm::TextPlain, Some("text/plain")),
            (ContentTypeForm::TextHtml, Some("text/html; charset=UTF-8")),
            (ContentTypeForm::Absent, None),
        ] {
            assert_eq!(
                content_type(ResponseFormat::Weika, &[Variation::ContentType(form)]),
                expected
            );
        }
        assert_eq!(
            content_type(ResponseFormat::Weika, &[]),
            Some("application/json")
        );
        assert_eq!(
            content_type(ResponseFormat::Wechat, &[]),
            Some("text/plain")
        );
    }
}
