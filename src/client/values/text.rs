use serde_json::Value;

use super::decimal::whole;
use super::members::Members;
use crate::trace;

/// Stands for text that was damaged, either in the response or before it reached the upstream
/// system.
pub(in crate::client) const DAMAGE: char = char::REPLACEMENT_CHARACTER;

/// The longest display text, in characters.
const MAX_CHARACTERS: usize = 512;

impl<'a> Members<'a> {
    /// Returns display text, or the digits of a whole number; empty if the member is anything else.
    pub(in crate::client) fn text(self, name: &'static str) -> String {
        let text = self.present(name);
        text.and_then(|value| self.text_of(name, value))
            .unwrap_or_default()
    }

    /// Returns display text without the blanks around it, as [`text`](Self::text) otherwise.
    pub(in crate::client) fn trimmed_text(self, name: &'static str) -> String {
        trimmed(self.text(name))
    }

    /// Returns the texts of a list, or the one text that the member is: without the blanks around
    /// them, and without the empty ones.
    pub(in crate::client) fn texts(self, name: &'static str) -> Vec<String> {
        let values = match self.present(name) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let texts = values
            .iter()
            .filter_map(|value| self.text_of(name, value))
            .map(trimmed);
        texts.filter(|text| !text.is_empty()).collect()
    }

    fn text_of(self, name: &'static str, value: &'a Value) -> Option<String> {
        match value {
            Value::String(text) => Some(self.cut(name, text).to_owned()),
            Value::Number(_) => self.digits(name, value),
            _ => self.ignore(name, "not text"),
        }
    }

    fn digits(self, name: &'static str, value: &Value) -> Option<String> {
        let number =
            whole(value).filter(|number| (i64::MIN.into()..=u64::MAX.into()).contains(number));
        number
            .map(|number| number.to_string())
            .or_else(|| self.ignore(name, "not text"))
    }

    fn cut(self, name: &'static str, text: &'a str) -> &'a str {
        let Some(cut) = cut(text) else {
            return text;
        };
        let (call, field) = (self.context, self.field(name));
        trace::debug!(call = call, field = %field, "upstream response: display text cut at 512 characters");
        cut
    }
}

fn trimmed(text: String) -> String {
    let trimmed = text.trim();
    if trimmed.len() == text.len() {
        text
    } else {
        trimmed.to_owned()
    }
}

/// Returns the part of a display text that is kept, if it is too long.
fn cut(text: &str) -> Option<&str> {
    let (end, _) = text.char_indices().nth(MAX_CHARACTERS)?;
    text.get(..end)
}
