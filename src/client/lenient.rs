//! Reading the members of an answer: strict about what is needed, lenient about how it is written.
//!
//! The documents and the answers disagree on types (`"6001"` for `6001`, `[]` for an absent object), and
//! Weika's back ends are PHP. Only what is named here is lenient; JSON itself is not.

use std::time::Duration;

use serde_json::{Map, Value};

/// The longest string that is taken for an identifier or a token, in bytes.
const LONGEST: usize = 512;
/// The longest token that is taken for an `Authorization` header, in bytes. A JWT may be longer than 512.
const LONGEST_BEARER: usize = 4_096;
/// The most digits of a number that is written as a string; `i64` has no more.
const MOST_DIGITS: usize = 19;

/// The members of one object.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    pub(super) fn new(object: &'a Map<String, Value>) -> Self {
        Self(object)
    }

    /// Whether there is such a member, and it is not `null`.
    pub(super) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// An identifier or a token: a string, not empty, at most 512 bytes, no control characters.
    pub(super) fn identifier(self, name: &str) -> Option<&'a str> {
        let text = self.0.get(name)?.as_str()?;
        let sound = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
        sound.then_some(text)
    }

    /// A token for an `Authorization` header: visible ASCII characters, at least one, at most 4096.
    pub(super) fn bearer(self, name: &str) -> Option<&'a str> {
        let text = self.0.get(name)?.as_str()?;
        let sound = (1..=LONGEST_BEARER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then_some(text)
    }

    /// Text for people, or a number of which only the digits matter; empty if it is anything else.
    pub(super) fn text(self, name: &str) -> String {
        match self.0.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) if !number.is_f64() => number.to_string(),
            _ => String::new(),
        }
    }

    /// An integer, or a string of decimal digits.
    pub(super) fn integer(self, name: &str) -> Option<i64> {
        integer(self.0.get(name)?)
    }

    /// Yes or no: a Boolean, or 0 or 1 in one of the spellings of an integer.
    pub(super) fn flag(self, name: &str) -> Option<bool> {
        match (self.0.get(name)?, self.integer(name)) {
            (Value::Bool(flag), _) => Some(*flag),
            (_, Some(number @ (0 | 1))) => Some(number == 1),
            _ => None,
        }
    }

    /// A duration in whole seconds; `None` unless it is a positive integer.
    pub(super) fn seconds(self, name: &str) -> Option<Duration> {
        let value = self.0.get(name)?;
        // Above `i64` it is still a number, and somebody else clamps it.
        let seconds = value.as_u64().or_else(|| integer(value)?.try_into().ok())?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// An object that may be absent, for which `null`, `{}` and `[]` are other spellings.
    pub(super) fn object(self, name: &str) -> Option<Self> {
        object(self.0.get(name)?)
    }

    /// The objects of a list; what is empty or no object is left out.
    pub(super) fn objects(self, name: &str) -> impl Iterator<Item = Members<'a>> + use<'a> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(object)
    }
}

/// An integer that fits `i64`, or a string of at most 19 decimal digits that does.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            // `parse` alone would accept a plus sign.
            let decimal = (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            if decimal { text.parse().ok() } else { None }
        }
        _ => None,
    }
}

fn object(value: &Value) -> Option<Members<'_>> {
    value.as_object().filter(|object| !object.is_empty()).map(Members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn with<T>(value: &Value, read: impl FnOnce(Members<'_>) -> T) -> T {
        let object = json!({ "it": value });
        read(Members::new(object.as_object().unwrap()))
    }

    #[test]
    fn e3_integers_and_decimal_strings_are_read() {
        for (value, expected) in [
            (json!(0), Some(0)),
            (json!(-1), Some(-1)),
            (json!("6001"), Some(6001)),
            (json!("-9223372036854775808"), Some(i64::MIN)),
            (json!(i64::MAX), Some(i64::MAX)),
            (json!(u64::MAX), None),
            (json!("9999999999999999999"), None),
            (json!("00000000000000000001"), None),
            (json!(1.0), None),
            (json!("1.0"), None),
            (json!("+1"), None),
            (json!("-"), None),
            (json!(""), None),
            (json!(" 1"), None),
            (json!("0x1"), None),
            (json!("١"), None),
            (json!(true), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(integer(&value), expected, "{value}");
        }
    }

    #[test]
    fn e4_identifiers_are_short_printable_strings() {
        let identifier = |value: &Value| with(value, |members| members.identifier("it").map(str::to_owned));
        assert_eq!(identifier(&json!("oJBUeuGd04")).as_deref(), Some("oJBUeuGd04"));
        assert!(identifier(&json!("x".repeat(512))).is_some());
        for refused in [json!(""), json!("x".repeat(513)), json!("a\nb"), json!("a\u{85}b"), json!(7), json!(null)] {
            assert_eq!(identifier(&refused), None, "{refused}");
        }
    }

    #[test]
    fn a_bearer_token_fits_a_header() {
        let bearer = |value: &Value| with(value, |members| members.bearer("it").map(str::to_owned));
        assert_eq!(bearer(&json!("eyJ0.eyJz.m68J_-=")).as_deref(), Some("eyJ0.eyJz.m68J_-="));
        assert!(bearer(&json!("x".repeat(4_096))).is_some());
        for refused in
            [json!(""), json!("x".repeat(4_097)), json!("a b"), json!("a\r\nb"), json!("王"), json!(7), json!(null)]
        {
            assert_eq!(bearer(&refused), None, "{refused}");
        }
    }

    #[test]
    fn e5_seconds_are_positive_integers_or_nothing() {
        let seconds = |value: &Value| with(value, |members| members.seconds("it").map(|it| it.as_secs()));
        assert_eq!(seconds(&json!(7200)), Some(7200));
        assert_eq!(seconds(&json!("7200")), Some(7200));
        assert_eq!(seconds(&json!(u64::MAX)), Some(u64::MAX));
        for unreadable in [json!(0), json!(-1), json!("-7200"), json!(7200.0), json!("2h"), json!(null), json!({})] {
            assert_eq!(seconds(&unreadable), None, "{unreadable}");
        }
    }

    #[test]
    fn e6_flags_are_booleans_or_zero_or_one() {
        let flag = |value: &Value| with(value, |members| members.flag("it"));
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!(false), Some(false)),
            (json!(1), Some(true)),
            (json!(0), Some(false)),
            (json!("1"), Some(true)),
            (json!("0"), Some(false)),
            (json!(2), None),
            (json!(-1), None),
            (json!("true"), None),
            (json!(1.0), None),
            (json!(""), None),
            (json!(null), None),
            (json!([]), None),
        ] {
            assert_eq!(flag(&value), expected, "{value}");
        }
    }

    #[test]
    fn e6_null_empty_object_and_empty_list_are_absent_objects() {
        for absent in [json!(null), json!({}), json!([]), json!("x"), json!(false)] {
            assert!(with(&absent, |members| members.object("it").is_none()), "{absent}");
        }
        assert!(with(&json!({ "a": 1 }), |members| members.object("it").is_some()));
    }

    #[test]
    fn e6_empty_entries_of_a_list_are_left_out() {
        let count = |value: &Value| with(value, |members| members.objects("it").count());
        assert_eq!(count(&json!([{ "a": 1 }, {}, null, [], "x", { "b": 2 }])), 2);
        assert_eq!(count(&json!({})), 0);
        assert_eq!(count(&json!(null)), 0);
    }

    #[test]
    fn e6_text_may_be_written_as_an_integer() {
        let text = |value: &Value| with(value, |members| members.text("it"));
        assert_eq!(text(&json!("3")), "3");
        assert_eq!(text(&json!(3)), "3");
        assert_eq!(text(&json!(3.5)), "");
        assert_eq!(text(&json!(null)), "");
    }
}
