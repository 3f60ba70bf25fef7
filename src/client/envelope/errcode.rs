use serde_json::Value;

/// The most digits of an error code that is written as a string; `i64` has no more.
const MOST_DIGITS: usize = 19;

/// Returns the error code that `value` is. 0 and the `accepted` ones authenticate a user, so they have to be the
/// integer itself or its plain digits: no `0.0`, no `"00"`.
pub(in crate::client) fn errcode(value: Option<&Value>, accepted: &[i64]) -> Option<i64> {
    let value = value?;
    let errcode = integer(value)?;
    let is_integer = value
        .as_u64()
        .is_some_and(|number| i64::try_from(number) == Ok(errcode));
    let is_plain = is_integer
        || value
            .as_str()
            .is_some_and(|text| text == errcode.to_string());
    let authenticates = errcode == 0 || accepted.contains(&errcode);
    (is_plain || !authenticates).then_some(errcode)
}

/// Returns an integer that fits `i64`, or the number in a string of at most 19 decimal digits that does.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            // `parse` alone would accept a plus sign.
            let is_decimal = (1..=MOST_DIGITS).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_decimal { text.parse().ok() } else { None }
        }
        _ => None,
    }
}
