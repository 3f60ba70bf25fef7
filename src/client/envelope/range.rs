//! Numbers beyond `f64`, such as `1e400`.
//!
//! They are JSON, but `serde_json` refuses the whole document for one of them unless its feature
//! `arbitrary_precision` is on. Here they become a large number that `f64` can represent, so that a response is parsed
//! alike with and without the feature: no member of a response is that large, and each parser has a rule for it.

use serde::de::IgnoredAny;
use serde_json::Value;

/// Returns the text with `1e300` or `-1e300` for every number that `serde_json` cannot represent, or `None` if it has
/// none. In time linear in its length.
pub(super) fn bound(text: &str) -> Option<String> {
    let mut bounded = None;
    let (mut position, mut copied) = (0, 0);
    while let Some(start) =
        text[position..].find(|it: char| it == '"' || it == '-' || it.is_ascii_digit())
    {
        position += start;
        let rest = &text[position..];
        if rest.starts_with('"') {
            position += string_length(rest);
            continue;
        }
        let length = rest
            .find(|it: char| !it.is_ascii_digit() && !"+-.eE".contains(it))
            .unwrap_or(rest.len());
        let number = &rest[..length];
        if is_beyond(number) {
            let bounded: &mut String = bounded.get_or_insert_default();
            bounded.push_str(&text[copied..position]);
            bounded.push_str(if number.starts_with('-') {
                "-1e300"
            } else {
                "1e300"
            });
            copied = position + length;
        }
        position += length;
    }
    let mut bounded = bounded?;
    bounded.push_str(&text[copied..]);
    Some(bounded)
}

/// Returns whether `number` conforms to the grammar of JSON but is no value for `serde_json`.
fn is_beyond(number: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(number).is_ok()
        && serde_json::from_str::<Value>(number).is_err()
}

/// Returns the length of the string at the start of `text`, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_beyond_f64_outside_of_strings_are_bounded() {
        let is_arbitrary = serde_json::from_str::<Value>("1e400").is_ok();
        let digits = "1".repeat(400);
        for (text, expected) in [
            ("1e400", Some("1e300")),
            ("-1E+400", Some("-1e300")),
            ("1e999999999999999999999", Some("1e300")),
            (digits.as_str(), Some("1e300")),
            ("[1,1e400,-2e999]", Some("[1,1e300,-1e300]")),
            (
                r#"{"1e400":1e400,"a":"\"1e400\\"}"#,
                Some(r#"{"1e400":1e300,"a":"\"1e400\\"}"#),
            ),
            ("1.7e308", None),
            ("1e-400", None),
            ("0e400", None),
            (r#"{"a":"1e400"}"#, None),
            (r#""1e400"#, None),
            (r#""\"1e400"#, None),
            ("01e400", None),
            ("1.e400", None),
            ("1e400-", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(
                bound(text).as_deref(),
                expected.filter(|_| !is_arbitrary),
                "{text}"
            );
        }
    }
}
