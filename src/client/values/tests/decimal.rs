use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::decimal::whole;

/// The value as a response holds it; a `json!` float would skip the parser.
#[track_caller]
fn read(json: &str) -> Option<i128> {
    whole(&serde_json::from_str(json).unwrap())
}

#[test]
fn numbers_and_decimal_strings_are_read_alike() {
    for (text, expected) in [
        ("0", Some(0)),
        ("-0", Some(0)),
        ("0.0", Some(0)),
        ("-0.0", Some(0)),
        ("0e999999999999999999999", Some(0)),
        ("7200", Some(7200)),
        ("7200.0", Some(7200)),
        ("7200.000", Some(7200)),
        ("7.2e3", Some(7200)),
        ("7.2E+3", Some(7200)),
        ("7200e0", Some(7200)),
        ("72000e-1", Some(7200)),
        ("72000.0e-1", Some(7200)),
        ("-1", Some(-1)),
        ("-1.0", Some(-1)),
        ("-1e2", Some(-100)),
        ("604800.0", Some(604_800)),
        ("9007199254740991", Some(9_007_199_254_740_991)),
        ("999999999999999.0", Some(999_999_999_999_999)),
        ("9223372036854775807", Some(i64::MAX as i128)),
        ("-9223372036854775808", Some(i64::MIN as i128)),
        ("18446744073709551615", Some(u64::MAX as i128)),
        ("7200.5", None),
        ("7.25e1", None),
        ("1e-1", None),
        ("0.1", None),
        ("72e-1", None),
    ] {
        assert_eq!(read(text), expected, "{text}");
        assert_eq!(read(&format!("\"{text}\"")), expected, "{text:?}");
    }
}

#[test]
fn numbers_beyond_the_types_are_large_and_never_wrap() {
    for text in [
        "18446744073709551616",
        "1e30",
        "1e39",
        "1.5e300",
        "340282366920938463463374607431768211456",
    ] {
        for json in [text.to_owned(), format!("\"{text}\"")] {
            assert!(
                read(&json).is_some_and(|number| number > u64::MAX.into()),
                "{json}"
            );
            let negative = json.replacen(text, &format!("-{text}"), 1);
            assert!(
                read(&negative).is_some_and(|number| number < i64::MIN.into()),
                "{negative}"
            );
        }
    }
    for text in ["1e400", "1e999999999", "1e99999999999999999999"] {
        assert_eq!(read(&format!("\"{text}\"")), Some(i128::MAX), "{text}");
        assert_eq!(read(&format!("\"-{text}\"")), Some(i128::MIN), "{text}");
        assert_eq!(
            read(&format!("\"{}\"", text.replacen('e', "e-", 1))),
            None,
            "{text}"
        );
        // Without `arbitrary_precision` the parser refuses the number.
        if let Ok(number) = serde_json::from_str(text) {
            assert_eq!(whole(&number), Some(i128::MAX), "{text}");
        }
    }
    assert_eq!(
        read(&format!("\"1{}e-60000\"", "0".repeat(60_000))),
        Some(1)
    );
}

#[test]
fn float_that_may_be_rounded_is_large_and_a_string_is_exact() {
    for float in [
        "1000000000000000.0",
        "1904913232647833.0",
        "9007199254740991.0",
        "9007199254740993.0",
        "1e18",
    ] {
        assert_eq!(read(float), Some(i128::MAX), "{float}");
        assert_eq!(read(&format!("-{float}")), Some(i128::MIN), "{float}");
    }
    assert_eq!(read("\"9007199254740993.0\""), Some(9_007_199_254_740_993));
    assert_eq!(read("\"1e18\""), Some(1_000_000_000_000_000_000));
}

#[test]
fn other_values_are_no_numbers() {
    for text in [
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        ".5",
        "5.",
        "1.",
        "1e",
        "1e+",
        "e3",
        "1e1.5",
        "0x1",
        "1_000",
        "1,000",
        "--1",
        "1-",
        "١",
        "1.e3",
        "1.0.0",
        "1ee3",
        "NaN",
        "Infinity",
        "1\u{fffd}",
    ] {
        assert_eq!(whole(&json!(text)), None, "{text:?}");
    }
    for value in [json!(null), json!(true), json!([1]), json!({ "a": 1 })] {
        assert_eq!(whole(&value), None, "{value}");
    }
}

/// Writes all digits out and moves the point one place at a time.
fn naive(is_negative: bool, integer: &str, fraction: &str, exponent: i32) -> Option<i128> {
    let (mut left, mut right) = (integer.to_owned(), fraction.to_owned());
    for _ in 0..exponent {
        left.push(if right.is_empty() {
            '0'
        } else {
            right.remove(0)
        });
    }
    for _ in exponent..0 {
        right.insert(0, left.pop().unwrap_or('0'));
    }
    let number: i128 = if left.is_empty() {
        0
    } else {
        left.parse().unwrap()
    };
    right
        .chars()
        .all(|digit| digit == '0')
        .then_some(if is_negative { -number } else { number })
}

proptest! {
    #[test]
    fn strings_are_read_as_by_hand(
        is_negative: bool,
        integer in "[0-9]{1,9}|[1-9]0{0,9}",
        fraction in "[0-9]{0,4}|0{0,4}",
        exponent in -12..12,
    ) {
        let sign = if is_negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        let expected = naive(is_negative, &integer, &fraction, exponent);
        let text = format!("{sign}{integer}{point}{fraction}e{exponent}");
        prop_assert_eq!(whole(&json!(text)), expected, "{}", text);
        if exponent == 0 {
            let text = format!("{sign}{integer}{point}{fraction}");
            prop_assert_eq!(whole(&json!(text)), expected, "{}", text);
        }
    }

    #[test]
    fn floats_are_read_as_by_their_arithmetic(float in prop_oneof![
        any::<f64>(),
        (-1e17..1e17_f64).prop_map(f64::round),
        (-10_000..10_000_i32).prop_map(|number| f64::from(number) / 8.0),
    ]) {
        let expected = if !float.is_finite() {
            None
        } else if float.abs() >= 1e15 {
            Some(if float > 0.0 { i128::MAX } else { i128::MIN })
        } else {
            (float.fract() == 0.0).then_some(float as i128)
        };
        prop_assert_eq!(read(&json!(float).to_string()), expected, "{}", float);
    }

    #[test]
    fn integers_are_read_as_they_are(integer: i64, large: u64) {
        prop_assert_eq!(read(&integer.to_string()), Some(integer.into()));
        prop_assert_eq!(read(&format!("\"{large}\"")), Some(large.into()));
        prop_assert_eq!(read(&large.to_string()), Some(large.into()));
    }

    #[test]
    fn any_text_never_panics(text in "[-+0-9.eE]{0,24}|\\PC{0,8}") {
        let string = whole(&json!(text));
        if let Ok(number @ Value::Number(_)) = serde_json::from_str(&text)
            && string.is_some_and(|number| number.abs() < 1_000_000_000_000_000)
        {
            prop_assert_eq!(whole(&number), string, "{}", text);
        }
    }
}
