//! Repair of damaged text: broken UTF-8 and unpaired surrogate escapes become U+FFFD.
//!
//! A name that was cut in the middle of an emoji arrives as half a surrogate pair (`"\ud83d"`) or as half a UTF-8
//! sequence. JSON forbids the latter, and the former stands for no character.
//!
//! Nothing else is repaired. The repair need not know the start of a string: outside of strings strict JSON allows
//! neither U+FFFD nor a backslash, so that damage there stays malformed.

use std::borrow::Cow;

/// Returns the repaired body, or `None` if it contains no damaged text. In time linear in its length.
pub(super) fn repair(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let is_broken = matches!(text, Cow::Owned(_));
    replace_unpaired(&text).or_else(|| is_broken.then(|| text.into_owned()))
}

/// Returns the text with `\ufffd` for every unpaired surrogate escape, or `None` if it has none.
fn replace_unpaired(text: &str) -> Option<String> {
    let mut replaced = None;
    let mut rest = text;
    // Where `rest` begins, and up to where `text` was copied.
    let (mut position, mut copied) = (0, 0);
    while let Some(start) = rest.find('\\') {
        let (_, escape) = rest.split_at(start);
        position += start;
        let length = match Surrogate::at(escape) {
            Some(Surrogate::High) if is_low(escape.get(ESCAPE..)) => 2 * ESCAPE,
            Some(_) => {
                let replaced: &mut String = replaced.get_or_insert_default();
                replaced.push_str(&text[copied..position]);
                replaced.push_str("\\ufffd");
                copied = position + ESCAPE;
                ESCAPE
            }
            // The backslash with the character after it, which may be another backslash.
            None => escape.chars().take(2).map(char::len_utf8).sum(),
        };
        position += length;
        rest = &escape[length..];
    }
    let mut replaced = replaced?;
    replaced.push_str(&text[copied..]);
    Some(replaced)
}

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Surrogate {
    High,
    Low,
}

impl Surrogate {
    /// Returns the surrogate whose escape is at the start of `text`.
    fn at(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        // `from_str_radix` alone would accept a plus sign.
        let digits =
            Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        match u16::from_str_radix(digits, 16) {
            Ok(0xD800..=0xDBFF) => Some(Self::High),
            Ok(0xDC00..=0xDFFF) => Some(Self::Low),
            _ => None,
        }
    }
}

fn is_low(text: Option<&str>) -> bool {
    text.and_then(Surrogate::at) == Some(Surrogate::Low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[track_caller]
    fn repaired(body: impl AsRef<[u8]>) -> Result<Value, ()> {
        serde_json::from_str(&repair(body.as_ref()).unwrap()).map_err(drop)
    }

    #[test]
    fn every_unpaired_surrogate_escape_is_replaced() {
        for (escaped, expected) in [
            (r"\ud83d", "\u{fffd}"),
            (r"\uD83D", "\u{fffd}"),
            (r"\uDc00", "\u{fffd}"),
            (r"\udfff", "\u{fffd}"),
            (r"a\ud83db", "a\u{fffd}b"),
            (r"\ud83d\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\ude00\ude00", "😀\u{fffd}"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\\", "\u{fffd}\\"),
            (r#"\ud83d\""#, "\u{fffd}\""),
            (r"\ud83dde00", "\u{fffd}de00"),
            (r"\ud83d王", "\u{fffd}王"),
            (r"\\\ud83d", "\\\u{fffd}"),
            (r"\\ud83d\ud83d", "\\ud83d\u{fffd}"),
            (r"\\\\\ude00", "\\\\\u{fffd}"),
        ] {
            assert_eq!(
                repaired(format!("\"{escaped}\"")),
                Ok(Value::from(expected)),
                "{escaped}"
            );
        }
    }

    #[test]
    fn text_without_unpaired_surrogates_is_not_repaired() {
        for intact in [
            "",
            "a",
            "王😀",
            r"\ud83d\ude00",
            r"\uD83D\uDE00",
            r"\\ud83d",
            r"\\\\ud83d",
            r"\ud7ff\ue000\ufffd",
            "\u{fffd}",
            r"\n\t\/",
            r"\",
            r"\u",
            r"\ud83",
            r"\u+d83",
            r"\ud8é",
            r"\x",
            r"\王",
        ] {
            assert_eq!(repair(format!("\"{intact}\"").as_bytes()), None, "{intact}");
        }
    }

    #[test]
    fn broken_utf_8_in_a_string_is_replaced() {
        for (broken, expected) in [
            (&b"a\xFFb"[..], "a\u{fffd}b"),
            // Cut after one, two and three bytes of an emoji.
            (b"a\xF0", "a\u{fffd}"),
            (b"a\xF0\x9F", "a\u{fffd}"),
            (b"a\xF0\x9F\x98", "a\u{fffd}"),
            (b"\xE7\x8E", "\u{fffd}"),
            // Overlong.
            (b"\xC0\x80", "\u{fffd}\u{fffd}"),
            // A surrogate, and a pair of them (CESU-8).
            (b"\xED\xA0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (
                b"\xED\xA0\xBD\xED\xB8\x80",
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
            // Beyond Unicode.
            (b"\xF4\x90\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xFF\\ud83d", "\u{fffd}\u{fffd}"),
        ] {
            let body = [b"\"", broken, b"\""].concat();
            assert_eq!(repaired(body), Ok(Value::from(expected)), "{broken:x?}");
        }
    }

    #[test]
    fn other_damage_stays_malformed() {
        for malformed in [
            &br#""\ud83d\u12""#[..],
            br#""\ud83d\u""#,
            br#""\ud83d\x""#,
            br#""\ud83d"#,
            br"\ud83d",
            br#"{"a":\ud83d}"#,
            b"\xFF\"a\"",
            b"\"a\"\xFF",
            b"\"\\\xFF\"",
            b"\"\\u\xFF000\"",
            b"\"\xFF\n\"",
            b"\xEF\xBB\"a\"",
        ] {
            assert!(
                repaired(malformed).is_err(),
                "{}",
                String::from_utf8_lossy(malformed)
            );
        }
        assert_eq!(repair(br#""\u12""#), None);
    }

    /// Decodes code units one by one, as UTF-16 prescribes.
    fn naive(units: &[u16]) -> String {
        String::from_utf16_lossy(units)
    }

    proptest! {
        #[test]
        fn escapes_are_repaired_as_utf_16_decodes_them(
            units in prop::collection::vec(prop_oneof![0xD7FE..0xE002_u16, any::<u16>()], 0..12),
            uppercase: bool,
        ) {
            let escape = |unit| if uppercase { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            let body = format!("\"{}\"", units.iter().map(escape).collect::<String>());
            let text = repair(body.as_bytes()).unwrap_or(body);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), Value::from(naive(&units)));
        }

        #[test]
        fn valid_json_is_never_repaired(text: String, escaped: String) {
            let units: String = escaped.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let body = format!("[{},\"{units}\"]", Value::from(text));
            prop_assert_eq!(repair(body.as_bytes()), None);
        }

        #[test]
        fn any_bytes_are_repaired_once(bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"\\\\\\uudD89cfF0\"".to_vec())], 0..64,
        )) {
            if let Some(text) = repair(&bytes) {
                prop_assert_eq!(repair(text.as_bytes()), None);
            }
        }
    }
}
