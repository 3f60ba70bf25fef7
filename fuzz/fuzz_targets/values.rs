//! The values of upstream responses (rules E4 and E5). Oracle: `serde_json` and plain arithmetic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use tower_weika::fuzzing::Values;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let object = Map::from_iter([("value".to_owned(), value.clone())]);
    let read = Values::of(&object);

    let text = value.as_str().unwrap_or_default();
    let is_intact = !text.chars().any(|it| it.is_control() || it == '\u{fffd}');
    let identifier = Some(text).filter(|it| (1..=512).contains(&it.len()) && is_intact);
    assert_eq!(read.identifier.as_deref(), identifier);
    let bearer = Some(text)
        .filter(|it| (1..=4096).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_graphic()));
    assert_eq!(read.bearer.as_deref(), bearer);
    assert_eq!(
        read.url,
        if text.len() <= 2048 && is_intact {
            text
        } else {
            ""
        }
    );

    // Numbers, as far as plain arithmetic reaches.
    let number = whole(&value);
    if let Reading::Exact(number) = number {
        assert_eq!(
            read.whole_number,
            number.and_then(|it| i64::try_from(it).ok()),
            "{value}"
        );
        let seconds = number
            .filter(|it| *it > 0)
            .map(|it| u64::try_from(it).unwrap_or(u64::MAX));
        assert_eq!(read.seconds.map(|it| it.as_secs()), seconds, "{value}");
        let flag = match number {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => value.as_bool(),
        };
        assert_eq!(read.flag, flag, "{value}");
        if value.is_number() {
            let digits = number
                .filter(|it| (1..=u64::MAX.into()).contains(it))
                .map(|it| it.to_string());
            assert_eq!(read.identifier_or_number, digits, "{value}");
        }
    } else if value.is_number() {
        assert_eq!(
            (read.whole_number, &read.identifier_or_number),
            (None, &None),
            "{value}"
        );
    }
    if value.is_string() {
        assert_eq!(read.identifier_or_number.as_deref(), identifier);
        assert!(
            text.starts_with(&read.text)
                && read.text.chars().count() == text.chars().count().min(512)
        );
    }
    assert_eq!(read.trimmed_text, read.text.trim());
    for text in read.texts.iter().chain([&read.numeric_text]) {
        assert!(text.chars().count() <= 512);
    }
    assert!(
        read.texts
            .iter()
            .all(|text| !text.is_empty() && text.trim() == text)
    );
});

enum Reading {
    /// Plain arithmetic reads this.
    Exact(Option<i128>),
    /// It may be more than `i64`.
    Large,
}

fn whole(value: &Value) -> Reading {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Reading::Exact(Some(number.into())),
            (_, Some(number), _) => Reading::Exact(Some(number.into())),
            (.., Some(number)) if number.abs() < 1e15 => {
                Reading::Exact((number.fract() == 0.0).then_some(number as i128))
            }
            _ => Reading::Large,
        },
        Value::String(text) => decimal(text),
        _ => Reading::Exact(None),
    }
}

/// Reads `-?digits(.digits)?([eE][+-]?digits)?` by shifting the point.
fn decimal(text: &str) -> Reading {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let lower = unsigned.to_ascii_lowercase();
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    let unsigned_exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if ![integer, fraction, unsigned_exponent]
        .into_iter()
        .all(is_number)
        || !lower.is_ascii()
    {
        return Reading::Exact(None);
    }
    let digits = format!("{integer}{fraction}");
    let Ok(exponent) = exponent.trim_start_matches('+').parse::<i32>() else {
        return Reading::Large;
    };
    if digits.len() > 25 || exponent.abs() > 30 {
        return Reading::Large;
    }
    // The digits are moved between zeros: 30 before and 30 behind.
    let point = 30 + integer.len() as i32 + exponent;
    let padded = format!("{}{digits}{}", "0".repeat(30), "0".repeat(60));
    let (whole, rest) = padded.split_at(point as usize);
    if rest.contains(|it| it != '0') {
        return Reading::Exact(None);
    }
    match whole.trim_start_matches('0') {
        "" => Reading::Exact(Some(0)),
        digits => digits
            .parse::<i128>()
            .map_or(Reading::Large, |number| Reading::Exact(Some(sign * number))),
    }
}
