//! Lower-case hexadecimal digits.

use std::fmt::Write as _;

/// Returns the digits of the bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _written = write!(text, "{byte:02x}");
            text
        })
}

/// Returns the bytes of the digits, or `None` if there are more or fewer, or other characters.
#[cfg(feature = "redis")]
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (mut bytes, mut left) = ([0; N], text.as_bytes());
    for byte in &mut bytes {
        let (digits, rest) = left.split_first_chunk::<2>()?;
        let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? * 16 + low?).ok()?;
        left = rest;
    }
    left.is_empty().then_some(bytes)
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::*;

    #[test]
    fn digits_are_decoded_and_other_text_is_rejected() {
        let bytes = [0, 1, 127, 128, 255];
        assert_eq!(encode(&bytes), "00017f80ff");
        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        for wrong in [
            "",
            "00017f80f",
            "00017f80fff",
            "00017f80ffff",
            "00017f80zz",
            "00017f80+f",
            "00017f80é",
        ] {
            assert_eq!(decode::<5>(wrong), None, "{wrong}");
        }
    }
}
