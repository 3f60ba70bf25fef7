//! Base62 of a state, in a fixed number of characters.

use super::state::BYTES;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The least number of digits that holds [`BYTES`] bytes.
const LENGTH: usize = 56;

/// The number as words, the most significant first: fewer steps than with bytes.
const WORDS: usize = BYTES.div_ceil(4);
const PADDING: usize = 4 * WORDS - BYTES;

pub(super) fn encode(number: [u8; BYTES]) -> String {
    let mut padded = [0; 4 * WORDS];
    padded[PADDING..].copy_from_slice(&number);
    let mut words = [0_u32; WORDS];
    for (word, bytes) in words.iter_mut().zip(padded.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u64;
        for word in &mut words {
            let value = remainder << 32 | u64::from(*word);
            *word = (value / 62) as u32;
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
    let mut words = [0_u32; WORDS];
    for character in text {
        let mut carry = u64::from(match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'Z' => character - b'A' + 10,
            b'a'..=b'z' => character - b'a' + 36,
            _ => return None,
        });
        for word in words.iter_mut().rev() {
            let value = u64::from(*word) * 62 + carry;
            *word = value as u32;
            carry = value >> 32;
        }
        // Above the largest number of this many words.
        if carry != 0 {
            return None;
        }
    }
    let padded = words.map(u32::to_be_bytes);
    let (padding, number) = padded.as_flattened().split_at(PADDING);
    // Above the largest number of this many bytes: this module never encodes to such a text.
    let is_number = padding.iter().all(|byte| *byte == 0);
    number.try_into().ok().filter(|_| is_number)
}
