//! One answer on its way out: what is said, and how the quirks make it look.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::dialect::{Dialect, as_integer};
use super::quirk::{ContentTypeForm, ErrcodeForm, ErrmsgForm, Quirk};
use super::spelling;

/// What an endpoint says.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<HeaderValue>,
    pub(super) content: Content,
    /// The number of a refusal, for the ledger.
    pub(super) refusal: Option<i64>,
}

#[derive(Debug)]
pub(super) enum Content {
    Json(Dialect, Map<String, Value>),
    Html(String),
    None,
}

impl Answer {
    /// A success of Weika: the members beside `errcode` and `errmsg`.
    pub(super) fn success(members: Value) -> Self {
        let mut body = Map::from_iter([("errcode".to_owned(), json!(0)), ("errmsg".to_owned(), json!("success"))]);
        if let Value::Object(members) = members {
            body.extend(members);
        }
        Self::json(Dialect::Weika, body, None)
    }

    /// A document, with the number of what it refuses, if it does.
    pub(super) fn json(dialect: Dialect, body: Map<String, Value>, refusal: Option<i64>) -> Self {
        Self { refusal, ..Self::ok(Content::Json(dialect, body)) }
    }

    /// A page.
    pub(super) fn page(html: String) -> Self {
        Self::ok(Content::Html(html))
    }

    /// A page or a document that says that nothing can be done.
    pub(super) fn failure(status: StatusCode, content: Content) -> Self {
        let refusal = Some(i64::from(status.as_u16()));
        Self { status, location: None, content, refusal }
    }

    /// A page that says no without saying so in its status, as WeChat's do; `number` is for the ledger.
    pub(super) fn refusing_page(html: String, number: i64) -> Self {
        Self { refusal: Some(number), ..Self::page(html) }
    }

    /// `303` to a page of the sandbox itself, after a form was sent.
    pub(super) fn see_other(path: &'static str) -> Self {
        let location = Some(HeaderValue::from_static(path));
        Self { status: StatusCode::SEE_OTHER, location, ..Self::ok(Content::None) }
    }

    /// `302` to `location`.
    pub(super) fn redirect(location: HeaderValue) -> Self {
        Self { status: StatusCode::FOUND, location: Some(location), ..Self::ok(Content::None) }
    }

    /// The `Content-Type` and the bytes, as `quirks` make them look.
    pub(super) fn render(&self, quirks: &[Quirk]) -> (Option<&'static str>, Bytes) {
        match &self.content {
            Content::None => (None, Bytes::new()),
            Content::Html(html) => (Some(HTML), Bytes::from(html.clone())),
            Content::Json(dialect, body) => (content_type(quirks), json_bytes(*dialect, body.clone(), quirks)),
        }
    }

    const fn ok(content: Content) -> Self {
        Self { status: StatusCode::OK, location: None, content, refusal: None }
    }
}

const HTML: &str = "text/html; charset=utf-8";

fn content_type(quirks: &[Quirk]) -> Option<&'static str> {
    for quirk in quirks {
        match quirk {
            Quirk::ContentType(ContentTypeForm::TextPlain) => return Some("text/plain"),
            Quirk::ContentType(ContentTypeForm::TextHtml) => {
                return Some("text/html; charset=UTF-8");
            }
            Quirk::ContentType(ContentTypeForm::Absent) => return None,
            _ => {}
        }
    }
    Some("application/json")
}

fn json_bytes(dialect: Dialect, mut body: Map<String, Value>, quirks: &[Quirk]) -> Bytes {
    let errcode = body.remove(dialect.number());
    let errmsg = body.remove(dialect.words());
    if quirks.contains(&Quirk::IdentifiersAsNumbers) {
        body.iter_mut().for_each(|(name, value)| spelling::number_identifiers(name, value));
    }
    if quirks.contains(&Quirk::NumbersAsFloats) {
        body.values_mut().for_each(spelling::float_numbers);
    }
    if quirks.contains(&Quirk::NumbersAsStrings) {
        body.values_mut().for_each(spelling::stringify_numbers);
    }
    let cut = quirks.iter().find_map(|quirk| match quirk {
        Quirk::CutNames(form) => Some(*form),
        _ => None,
    });
    if cut.is_some() {
        body.iter_mut().for_each(|(name, value)| spelling::mark_names(name, value));
    }
    // The binding service has `data` anyway, and no page of Kesion's speaks of one.
    if dialect == Dialect::Weika && quirks.contains(&Quirk::UnderData) {
        body = Map::from_iter([("data".to_owned(), Value::Object(body))]);
    }
    if let Some(errcode) = errcode.and_then(|it| errcode_form(it, quirks)) {
        body.insert(dialect.number().to_owned(), errcode);
    }
    if let Some(errmsg) = errmsg.and_then(|it| errmsg_form(it, quirks)) {
        body.insert(dialect.words().to_owned(), errmsg);
    }
    let mut body = Value::Object(body);
    if quirks.contains(&Quirk::UnknownFields) {
        spelling::add_unknown_members(&mut body);
    }
    let mut text = body.to_string();
    if quirks.contains(&Quirk::EscapedSlashes) {
        // Outside of strings JSON has no slash.
        text = text.replace('/', "\\/");
    }
    if quirks.contains(&Quirk::EscapedUnicode) {
        text = spelling::escape_unicode(&text);
    }
    if quirks.contains(&Quirk::ByteOrderMark) {
        text.insert(0, '\u{feff}');
    }
    match cut {
        Some(form) => spelling::cut_at_marks(&text, form).into(),
        None => text.into(),
    }
}

fn errcode_form(errcode: Value, quirks: &[Quirk]) -> Option<Value> {
    let form = quirks.iter().find_map(|quirk| match quirk {
        Quirk::Errcode(form) => Some(*form),
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

fn errmsg_form(errmsg: Value, quirks: &[Quirk]) -> Option<Value> {
    let form = quirks.iter().find_map(|quirk| match quirk {
        Quirk::Errmsg(form) => Some(*form),
        _ => None,
    });
    Some(match form {
        None => errmsg,
        Some(ErrmsgForm::Ok) => json!("ok"),
        Some(ErrmsgForm::UpperOk) => json!("OK"),
        Some(ErrmsgForm::Success) => json!("success"),
        Some(ErrmsgForm::WithRequestId) => {
            let words = errmsg.as_str().unwrap_or_default();
            json!(format!("{words}, rid: 632bc26a-1f8e3c5d-7a90b1c2"))
        }
        Some(ErrmsgForm::Absent) => return None,
    })
}

fn float(text: &str) -> Value {
    text.parse().map_or(Value::Null, |number: f64| json!(number))
}

#[cfg(test)]
mod tests {
    use super::super::quirk::CutForm;
    use super::*;

    fn text(answer: &Answer, quirks: &[Quirk]) -> String {
        String::from_utf8(answer.render(quirks).1.to_vec()).unwrap()
    }

    #[test]
    fn errcode_takes_every_form() {
        let success = Answer::success(json!({}));
        let refusal = Dialect::Weika.refusal(json!("6001"), "invalid code");
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
            let quirks = [Quirk::Errcode(form)];
            assert_eq!(text(&success, &quirks), format!(r#"{{"errcode":{zero},"errmsg":"success"}}"#));
            assert_eq!(text(&refusal, &quirks), format!(r#"{{"errcode":{other},"errmsg":"invalid code"}}"#));
        }
        let overlong = text(&success, &[Quirk::Errcode(ErrcodeForm::Overlong)]);
        assert_eq!(overlong, r#"{"errcode":"18446744073709551616","errmsg":"success"}"#);
        let absent = text(&success, &[Quirk::Errcode(ErrcodeForm::Absent)]);
        assert_eq!(absent, r#"{"errmsg":"success"}"#);
    }

    #[test]
    fn errmsg_takes_every_form() {
        let refusal = Dialect::Weika.refusal(json!("6001"), "invalid code");
        for (form, words) in [
            (ErrmsgForm::Ok, r#","errmsg":"ok""#),
            (ErrmsgForm::UpperOk, r#","errmsg":"OK""#),
            (ErrmsgForm::Success, r#","errmsg":"success""#),
            (ErrmsgForm::Absent, ""),
            (ErrmsgForm::WithRequestId, r#","errmsg":"invalid code, rid: 632bc26a-1f8e3c5d-7a90b1c2""#),
        ] {
            assert_eq!(text(&refusal, &[Quirk::Errmsg(form)]), format!(r#"{{"errcode":"6001"{words}}}"#));
        }
    }

    #[test]
    fn each_spelling_changes_only_what_it_names() {
        let answer = Answer::success(json!({ "a": { "n": -1, "s": "/王🌸" }, "l": [{}] }));
        for (quirk, expected) in [
            (Quirk::EscapedSlashes, r#"{"a":{"n":-1,"s":"\/王🌸"},"errcode":0,"errmsg":"success","l":[{}]}"#),
            (
                Quirk::EscapedUnicode,
                r#"{"a":{"n":-1,"s":"/\u738b\ud83c\udf38"},"errcode":0,"errmsg":"success","l":[{}]}"#,
            ),
            (Quirk::NumbersAsStrings, r#"{"a":{"n":"-1","s":"/王🌸"},"errcode":0,"errmsg":"success","l":[{}]}"#),
            (Quirk::UnderData, r#"{"data":{"a":{"n":-1,"s":"/王🌸"},"l":[{}]},"errcode":0,"errmsg":"success"}"#),
            (
                Quirk::ByteOrderMark,
                "\u{feff}{\"a\":{\"n\":-1,\"s\":\"/王🌸\"},\"errcode\":0,\"errmsg\":\"success\",\"l\":[{}]}",
            ),
            (
                Quirk::UnknownFields,
                r#"{"a":{"n":-1,"s":"/王🌸","z_added_in_2030":{"deep":[1,null,"新"]}},"errcode":0,"errmsg":"success","l":[{}],"z_added_in_2030":{"deep":[1,null,"新"]}}"#,
            ),
        ] {
            assert_eq!(text(&answer, std::slice::from_ref(&quirk)), expected, "{quirk:?}");
            assert_eq!(answer.render(&[quirk]).0, Some("application/json"));
        }
    }

    #[test]
    fn values_take_the_spelling_of_the_quirk() {
        let answer = Answer::success(json!({
            "name": "王", "n": 7200, "schools": [{ "school_code": "1014714333", "school_name": "一中" }],
            "manager_real_info": { "card_number": "T2018" },
        }));
        let floats = text(&answer, &[Quirk::NumbersAsFloats]);
        assert!(floats.contains(r#""n":7200.0"#) && floats.contains(r#""errcode":0,"#), "{floats}");
        assert!(text(&answer, &[Quirk::NumbersAsFloats, Quirk::NumbersAsStrings]).contains(r#""n":"7200.0""#));
        let numbers = text(&answer, &[Quirk::IdentifiersAsNumbers]);
        assert!(numbers.contains(r#""school_code":1014714333,"#) && numbers.contains(r#""T2018""#), "{numbers}");
        for quirks in
            [&[Quirk::CutNames(CutForm::Surrogate)][..], &[Quirk::EscapedUnicode, Quirk::CutNames(CutForm::Surrogate)]]
        {
            let cut = text(&answer, quirks);
            assert_eq!(cut.matches(r#"\ud83d""#).count(), 2, "{cut}");
        }
        let cut = answer.render(&[Quirk::CutNames(CutForm::Utf8)]).1;
        assert!(cut.windows(7).any(|window| window == b"\xE7\x8E\x8B\xF0\x9F\x98\""), "{cut:?}");
    }

    #[test]
    fn content_type_is_wrong_only_when_asked() {
        let answer = Answer::success(json!({}));
        for (form, expected) in [
            (ContentTypeForm::TextPlain, Some("text/plain")),
            (ContentTypeForm::TextHtml, Some("text/html; charset=UTF-8")),
            (ContentTypeForm::Absent, None),
        ] {
            assert_eq!(answer.render(&[Quirk::ContentType(form)]).0, expected);
        }
        let page = Answer::page(String::new());
        assert_eq!(page.render(&[Quirk::ContentType(ContentTypeForm::TextPlain)]).0, Some(HTML));
    }
}
