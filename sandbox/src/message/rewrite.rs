//! Rewriting of JSON values and JSON text, as the variations require.

use serde_json::{Value, json};

use crate::state::variation::CutForm;

/// Marks the end of a name until the reply is text; a character of private use that no name
/// contains.
const MARK: char = '\u{E000}';

/// Makes numbers of `school_code`, `ocode` and `card_number`.
pub(crate) fn number_identifiers(name: &str, value: &mut Value) {
    let digits = value
        .as_str()
        .filter(|_| matches!(name, "school_code" | "ocode" | "card_number"));
    if let Some(number) = digits
        .filter(|digits| !digits.starts_with('0'))
        .and_then(|it| it.parse::<u64>().ok())
    {
        *value = json!(number);
    }
    for_each_member(name, value, number_identifiers);
}

/// Makes floats of all numbers.
pub(crate) fn float_numbers(value: &mut Value) {
    if let Value::Number(number) = value {
        *value = json!(number.as_f64());
    }
    for_each_member("", value, |_, value| float_numbers(value));
}

/// Makes strings of all numbers.
pub(crate) fn stringify_numbers(value: &mut Value) {
    if let Value::Number(number) = value {
        *value = Value::String(number.to_string());
    }
    for_each_member("", value, |_, value| stringify_numbers(value));
}

/// Adds an undocumented member to every object that is not empty.
pub(crate) fn add_unknown_members(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(add_unknown_members),
        Value::Object(members) if !members.is_empty() => {
            members.values_mut().for_each(add_unknown_members);
            members.insert(
                "z_added_in_2030".to_owned(),
                json!({ "deep": [1, null, "新"] }),
            );
        }
        _ => {}
    }
}

/// Escapes all characters outside ASCII.
pub(crate) fn escape_unicode(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

/// Marks the end of every name.
pub(crate) fn mark_names(name: &str, value: &mut Value) {
    if let Value::String(text) = value
        && matches!(
            name,
            "name" | "school_name" | "nick_name" | "weixinname" | "openname"
        )
    {
        text.push(MARK);
    }
    for_each_member(name, value, mark_names);
}

/// Replaces every mark by half an emoji.
pub(crate) fn cut_at_marks(text: &str, form: CutForm) -> Vec<u8> {
    let half = match form {
        CutForm::Surrogate => &b"\\ud83d"[..],
        CutForm::Utf8 => b"\xF0\x9F\x98",
    };
    let text = text.replace("\\ue000", MARK.encode_utf8(&mut [0; 4]));
    text.split(MARK)
        .map(str::as_bytes)
        .collect::<Vec<_>>()
        .join(half)
}

/// Calls `change` for the members of an object, and for those of the objects of a list.
fn for_each_member(name: &str, value: &mut Value, change: impl Fn(&str, &mut Value) + Copy) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| change(name, value)),
        Value::Object(members) => members
            .iter_mut()
            .for_each(|(name, value)| change(name, value)),
        _ => {}
    }
}
