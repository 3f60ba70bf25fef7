//! Base62 of a state, in a fixed number of characters.

use super::state::BYTES;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The least number of digits that holds [`BYTES`] bytes.
const LENGTH: usize = 56;

pub(super) fn encode(mut number: [u8; BYTES]) -> String {
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = remainder << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            remainder = value % 62;
        }
        *digit = ALPHABET[remainder as usize];
    }
    digits.iter().copied().map(char::from).collect()
}

pub(super) fn decode(text: &[u8]) -> Option<[u8; BYTES]> {
    if text.len() != LENGTH {
        return None;
    }
    let mut number = [0_u8; BYTES];
    for character in text {
        let mut carry = match character {
            b'0'..=b'9' => u32::from(character - b'0'),
            b'A'..=b'Z' => u32::from(character - b'A') + 10,
            b'a'..=b'z' => u32::from(character - b'a') + 36,
            _ => return None,
        };
        for byte in number.iter_mut().rev() {
            let value = u32::from(*byte) * 62 + carry;
            *byte = (value & 0xFF) as u8;
            carry = value >> 8;
        }
        // Above the largest number of this many bytes: this function never encodes to such a text.
        if carry != 0 {
            return None;
        }
    }
    Some(number)
}
