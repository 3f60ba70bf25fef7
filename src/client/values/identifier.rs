use serde_json::Value;

use super::decimal::whole;
use super::members::Members;
use super::text::DAMAGE;

/// The longest identifier or token, in bytes.
const MAX_LENGTH: usize = 512;
/// The longest token for an `Authorization` header, in bytes. A JWT may be longer than 512.
const MAX_BEARER_LENGTH: usize = 4_096;
/// The longest URL, in bytes; that of a return target.
const MAX_URL_LENGTH: usize = 2_048;

impl<'a> Members<'a> {
    /// Returns an identifier or a token that is a string.
    pub(in crate::client) fn identifier(self, name: &'static str) -> Option<&'a str> {
        let text = self
            .present(name)?
            .as_str()
            .filter(|text| is_identifier(text));
        text.or_else(|| self.ignore(name, "not an identifier"))
    }

    /// Returns an identifier that is a string, or the digits of a whole number from 1 to `u64::MAX`.
    pub(in crate::client) fn identifier_or_number(self, name: &'static str) -> Option<String> {
        let value = self.present(name)?;
        let identifier = match value {
            Value::Number(_) => whole(value)
                .and_then(positive)
                .map(|number| number.to_string()),
            _ => value
                .as_str()
                .filter(|text| is_identifier(text))
                .map(str::to_owned),
        };
        identifier.or_else(|| self.ignore(name, "not an identifier"))
    }

    /// Returns a token for an `Authorization` header: visible ASCII characters, at least one, at most 4096.
    pub(in crate::client) fn bearer(self, name: &'static str) -> Option<&'a str> {
        let text = self.present(name)?.as_str().filter(|text| is_bearer(text));
        text.or_else(|| self.ignore(name, "not a token"))
    }

    /// Returns a URL to which the crate sends nothing, as the upstream system wrote it; empty if it cannot be one.
    pub(in crate::client) fn url(self, name: &'static str) -> &'a str {
        let text = self.present(name).and_then(|value| {
            let text = value.as_str().filter(|text| is_url(text));
            text.or_else(|| self.ignore(name, "not a URL"))
        });
        text.unwrap_or_default()
    }
}

/// Returns whether `text` can be an identifier. Damaged text cannot: damage may hide the difference between two
/// identifiers.
fn is_identifier(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && is_intact(text)
}

/// Returns whether `text` can be a token in an `Authorization` header: visible ASCII characters.
fn is_bearer(text: &str) -> bool {
    (1..=MAX_BEARER_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns whether `text` can be a URL as far as its length and its characters tell.
fn is_url(text: &str) -> bool {
    text.len() <= MAX_URL_LENGTH && is_intact(text)
}

fn is_intact(text: &str) -> bool {
    !text
        .chars()
        .any(|character| character.is_control() || character == DAMAGE)
}

fn positive(number: i128) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}
