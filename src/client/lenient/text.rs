//! The rules of identifiers and display text.

/// Stands for text that was damaged, either in the answer or before it reached the upstream system.
pub(in crate::client) const DAMAGE: char = char::REPLACEMENT_CHARACTER;

/// The longest string that is taken for an identifier or a token, in bytes.
const LONGEST: usize = 512;
/// The longest token that is taken for an `Authorization` header, in bytes. A JWT may be longer than 512.
const LONGEST_BEARER: usize = 4_096;
/// The longest URL, in bytes; that of a return target.
const LONGEST_URL: usize = 2_048;
/// The longest display text, in characters.
const LONGEST_DISPLAY: usize = 512;

/// Whether `text` can be an identifier. Damaged text cannot: damage may hide the difference between two identifiers.
pub(super) fn is_identifier(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && is_intact(text)
}

/// Whether `text` can be a token in an `Authorization` header: visible ASCII characters.
pub(super) fn is_bearer(text: &str) -> bool {
    (1..=LONGEST_BEARER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether `text` can be a URL as far as its length and its characters tell.
pub(super) fn is_url(text: &str) -> bool {
    text.len() <= LONGEST_URL && is_intact(text)
}

/// The part of a display text that is kept, if it is too long.
pub(super) fn cut(text: &str) -> Option<&str> {
    let (end, _) = text.char_indices().nth(LONGEST_DISPLAY)?;
    text.get(..end)
}

fn is_intact(text: &str) -> bool {
    !text
        .chars()
        .any(|character| character.is_control() || character == DAMAGE)
}
