//! The members of one object of an answer.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{number, text};
use crate::trace;

/// The members of one object.
#[derive(Clone, Copy)]
pub(in crate::client) struct Members<'a> {
    object: &'a Map<String, Value>,
    /// The call, for the log.
    context: &'static str,
    /// The name of the object, for the log; empty at the top.
    within: &'static str,
}

impl<'a> Members<'a> {
    /// The members of the answer to the call that `context` names.
    pub(in crate::client) fn new(object: &'a Map<String, Value>, context: &'static str) -> Self {
        Self {
            object,
            context,
            within: "",
        }
    }

    /// Whether there is such a member, and it is not `null`.
    pub(in crate::client) fn has(self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// An identifier or a token that is a string.
    pub(in crate::client) fn identifier(self, name: &'static str) -> Option<&'a str> {
        let text = self
            .present(name)?
            .as_str()
            .filter(|text| text::is_identifier(text));
        text.or_else(|| self.ignore(name, "not an identifier"))
    }

    /// An identifier that is a string or a whole number from 1 to `u64::MAX`, of which it is the digits.
    pub(in crate::client) fn identifier_or_number(self, name: &'static str) -> Option<String> {
        let value = self.present(name)?;
        let identifier = match value {
            Value::Number(_) => number::whole(value)
                .and_then(positive)
                .map(|number| number.to_string()),
            _ => value
                .as_str()
                .filter(|text| text::is_identifier(text))
                .map(str::to_owned),
        };
        identifier.or_else(|| self.ignore(name, "not an identifier"))
    }

    /// A token for an `Authorization` header: visible ASCII characters, at least one, at most 4096.
    pub(in crate::client) fn bearer(self, name: &'static str) -> Option<&'a str> {
        let text = self
            .present(name)?
            .as_str()
            .filter(|text| text::is_bearer(text));
        text.or_else(|| self.ignore(name, "not a token"))
    }

    /// Display text, or the digits of a whole number; empty if the member is anything else.
    pub(in crate::client) fn text(self, name: &'static str) -> String {
        let text = self.present(name).and_then(|value| match value {
            Value::String(text) => Some(self.cut(name, text).to_owned()),
            Value::Number(_) => self.digits(name, value),
            _ => self.ignore(name, "not text"),
        });
        text.unwrap_or_default()
    }

    /// A whole number that the documents print as a string: its digits, or other text as it is.
    pub(in crate::client) fn numeric_text(self, name: &'static str) -> String {
        let number = self
            .present(name)
            .and_then(number::whole)
            .and_then(|number| i64::try_from(number).ok());
        number.map_or_else(|| self.text(name), |number| number.to_string())
    }

    /// A URL that nothing is sent to, as the upstream system wrote it; empty if it cannot be one.
    pub(in crate::client) fn url(self, name: &'static str) -> &'a str {
        let text = self.present(name).and_then(|value| {
            let text = value.as_str().filter(|text| text::is_url(text));
            text.or_else(|| self.ignore(name, "not a URL"))
        });
        text.unwrap_or_default()
    }

    /// A whole number.
    pub(in crate::client) fn whole_number(self, name: &'static str) -> Option<i64> {
        let number =
            number::whole(self.present(name)?).and_then(|number| i64::try_from(number).ok());
        number.or_else(|| self.ignore(name, "not a whole number"))
    }

    /// Yes or no: a Boolean, or the whole number 0 or 1.
    pub(in crate::client) fn flag(self, name: &'static str) -> Option<bool> {
        let value = self.present(name)?;
        let flag = match number::whole(value) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => value.as_bool(),
        };
        flag.or_else(|| self.ignore(name, "neither 0 nor 1"))
    }

    /// A duration in whole seconds, on which a login depends; `None` unless it is positive. A number beyond the type
    /// becomes the largest duration, which the caller clamps.
    pub(in crate::client) fn seconds(self, name: &'static str) -> Option<Duration> {
        let number = self
            .present(name)
            .and_then(number::whole)
            .filter(|number| *number > 0);
        let seconds = number.map(|number| u64::try_from(number).unwrap_or(u64::MAX));
        if seconds.is_none() {
            let (call, field) = (self.context, self.field(name));
            trace::warn!(call = call, field = %field, "upstream answer: member is not a positive number of seconds");
        }
        seconds.map(Duration::from_secs)
    }

    /// An object that may be absent, for which `null`, `{}` and `[]` are other spellings.
    pub(in crate::client) fn object(self, name: &'static str) -> Option<Self> {
        let object = self.present(name)?.as_object();
        object
            .map(|object| self.inner(name, object))
            .or_else(|| self.ignore(name, "not an object"))
    }

    /// The objects of a list. Entries that are absent are skipped.
    pub(in crate::client) fn objects(
        self,
        name: &'static str,
    ) -> impl Iterator<Item = Members<'a>> + use<'a> {
        let list = self
            .present(name)
            .and_then(|value| value.as_array().or_else(|| self.ignore(name, "not a list")));
        list.into_iter()
            .flatten()
            .filter(|entry| !is_absent(entry))
            .filter_map(move |entry| {
                let object = entry.as_object().map(|object| self.inner(name, object));
                object.or_else(|| self.ignore(name, "an entry is not an object"))
            })
    }

    /// Logs that the member is ignored, and gives nothing in its place.
    pub(in crate::client) fn ignore<T>(
        self,
        name: &'static str,
        reason: &'static str,
    ) -> Option<T> {
        let (call, field) = (self.context, self.field(name));
        trace::debug!(call = call, field = %field, reason = reason, "upstream answer: member ignored");
        None
    }

    fn digits(self, name: &'static str, value: &Value) -> Option<String> {
        let number = number::whole(value)
            .filter(|number| (i64::MIN.into()..=u64::MAX.into()).contains(number));
        number
            .map(|number| number.to_string())
            .or_else(|| self.ignore(name, "not text"))
    }

    fn cut(self, name: &'static str, text: &'a str) -> &'a str {
        let Some(cut) = text::cut(text) else {
            return text;
        };
        let (call, field) = (self.context, self.field(name));
        trace::debug!(call = call, field = %field, "upstream answer: display text cut at 512 characters");
        cut
    }

    /// The member, unless it is absent.
    fn present(self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !is_absent(value))
    }

    fn inner(self, name: &'static str, object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            within: name,
            ..self
        }
    }

    fn field(self, name: &'static str) -> Field {
        Field {
            within: self.within,
            name,
        }
    }
}

/// A member with the name of its object, for the log.
struct Field {
    within: &'static str,
    name: &'static str,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let point = if self.within.is_empty() { "" } else { "." };
        write!(f, "{}{point}{}", self.within, self.name)
    }
}

/// Whether `value` stands for a member that is not there.
fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn positive(number: i128) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}
