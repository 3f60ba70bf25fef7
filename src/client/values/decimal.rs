use serde_json::Value;

/// The first float that the parser may have made of another whole number: `f64` keeps 15 decimal digits. Below 2^53 it
/// still holds every whole number, but `serde_json` reads `9007199254740991.0` as another one unless its feature
/// `float_roundtrip` is on.
const ROUNDED: f64 = 1e15;

/// Returns the whole number that `value` holds.
///
/// The result is saturated: a number that does not fit `i128`, and a JSON float that may have been rounded, becomes
/// `i128::MAX` or `i128::MIN`, so that it does not fit the type of any caller and is still known to be large.
pub(super) fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => {
            let exact = number
                .as_i64()
                .map(i128::from)
                .or_else(|| number.as_u64().map(i128::from));
            // `as_f64` gives none for a number that only `arbitrary_precision` can hold; its text is large as well.
            // Below the limit the text is the same with and without that feature.
            exact
                .or_else(|| number.as_f64().and_then(large))
                .or_else(|| decimal(&number.to_string()))
        }
        Value::String(text) => decimal(text),
        _ => None,
    }
}

fn large(float: f64) -> Option<i128> {
    let is_large = float.abs() >= ROUNDED;
    is_large.then_some(if float > 0.0 { i128::MAX } else { i128::MIN })
}

/// Returns the whole number that `text` is in the grammar of JSON, with leading zeros allowed.
///
/// In time linear in the length of `text`, for every exponent.
fn decimal(text: &str) -> Option<i128> {
    let (is_negative, text) = text
        .strip_prefix('-')
        .map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, saturating_exponent(exponent)?),
        None => (text, 0),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if !is_digits(integer) || !is_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let length = |digits: &str| i64::try_from(digits.len()).unwrap_or(i64::MAX);
    // The point is behind this many digits.
    let point = length(integer).saturating_add(exponent);
    let mut number = 0_i128;
    let mut position = 0;
    for digit in integer.bytes().chain(fraction.bytes()) {
        if position < point {
            number = number
                .saturating_mul(10)
                .saturating_sub(i128::from(digit - b'0'));
        } else if digit != b'0' {
            return None;
        }
        position += 1;
    }
    // Zeros up to the point; `i128` is saturated after 39 of them.
    for _ in position..point.min(position.saturating_add(39)) {
        number = number.saturating_mul(10);
    }
    // Negative until here, because `i128::MIN` has no positive counterpart.
    Some(if is_negative {
        number
    } else {
        number.saturating_neg()
    })
}

/// Returns an exponent, with or without a sign.
fn saturating_exponent(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let add = |number: i64, digit: u8| {
        number
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    };
    let number = is_digits(digits).then(|| digits.bytes().fold(0, add))?;
    Some(if is_negative { -number } else { number })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
