//! The envelope of every answer: one JSON object with an error number in it.
//!
//! 1. Exactly one JSON value, an object; a byte order mark before it is skipped (RFC 8259 §8.1). No lenient
//!    parsing: the slips in the documents are in the documents only. The one exception is damaged text: an unpaired
//!    surrogate escape (`\ud83d`) or a broken UTF-8 sequence in a string becomes U+FFFD, and a warning names the
//!    member. No identifier and no number may contain U+FFFD. A damaged member name makes the answer malformed.
//!    A number beyond `f64` (`1e400`) is JSON, and is read as a very large one.
//! 2. A member that occurs twice makes the answer malformed, at any depth: which one counts depends on the
//!    parser, and one of them could say `0`.
//! 3. The error number must be there. It is a success if it is the integer `0` or the string `"0"`, and
//!    nothing else: no `0.0`, no `"00"`, no `false`, no `null`. The same goes for other numbers that are answers.
//! 4. Any other integer that fits `i64`, or a string of at most 19 decimal digits that does, is looked up in the
//!    table of the upstream system.
//!
//! An answer is never quoted in an error.

use serde_json::{Map, Value};

use super::error_codes::ErrorCodes;
use super::lenient::{DAMAGE, Members};
use crate::error::{Error, ErrorKind};

mod document;
mod range;
mod repair;
#[cfg(test)]
mod tests;

pub(super) use document::object;

/// The most digits of an error number that is written as a string; `i64` has no more.
const MOST_DIGITS: usize = 19;

/// How the answers of one upstream system are marked.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// The name of the member with the error number.
    errcode_member: &'static str,
    error_codes: ErrorCodes,
}

impl Envelope {
    pub(super) fn new(errcode_member: &'static str, error_codes: ErrorCodes) -> Self {
        Self {
            errcode_member,
            error_codes,
        }
    }

    /// The object in `body`, if it says that the call was successful. `context` names the call.
    pub(super) fn open(
        &self,
        body: &[u8],
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        self.open_or(&[], body, context).map(|(_, object)| object)
    }

    /// The same, where some numbers besides 0 are answers and no errors; with the number.
    pub(super) fn open_or(
        &self,
        answers: &[i64],
        body: &[u8],
        context: &'static str,
    ) -> Result<(i64, Map<String, Value>), Error> {
        let object = object(body, context)?;
        match code(object.get(self.errcode_member), answers) {
            Some(code) if code == 0 || answers.contains(&code) => Ok((code, object)),
            Some(code) => Err(self.error_codes.error(code, context)),
            None => Err(Flaw::Code(self.errcode_member).error(context)),
        }
    }
}

/// The members that hold `needed`: those at the top, or those of `data`, where some pages say they are.
pub(super) fn members<'a>(
    object: &'a Map<String, Value>,
    needed: &str,
    context: &'static str,
) -> Members<'a> {
    let top = Members::new(object, context);
    if top.has(needed) {
        top
    } else {
        top.object("data").unwrap_or(top)
    }
}

/// Fault of an answer. The source of an [`Error`]; quotes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("the answer is not one JSON object without repeated members")]
    Json,
    #[error("the answer has no readable {0:?}")]
    Code(&'static str),
    #[error("the answer has no usable {0:?}")]
    Member(&'static str),
    #[error("the answer has an identifier with damaged text")]
    Damaged,
}

impl Flaw {
    pub(super) fn error(self, context: &'static str) -> Error {
        Error::new(ErrorKind::Malformed, context).with_source(self)
    }
}

/// The error number that `value` is, where it can be one. A number that authenticates, which is 0 or one of
/// `answers`, has to be the integer itself or its plain digits: no `0.0`, no `"00"`.
pub(super) fn code(value: Option<&Value>, answers: &[i64]) -> Option<i64> {
    let value = value?;
    let code = integer(value)?;
    let is_integer = value
        .as_u64()
        .is_some_and(|number| i64::try_from(number) == Ok(code));
    let is_plain = is_integer || value.as_str().is_some_and(|text| text == code.to_string());
    let lets_in = code == 0 || answers.contains(&code);
    (is_plain || !lets_in).then_some(code)
}

/// An integer that fits `i64`, or a string of at most 19 decimal digits that does.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            // `parse` alone would accept a plus sign.
            let decimal = (1..=MOST_DIGITS).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            if decimal { text.parse().ok() } else { None }
        }
        _ => None,
    }
}

/// Refuses an answer that is handed out whole if it holds an identifier with damaged text, because two damaged
/// identifiers could look the same. A member is taken for an identifier if its name ends in `id`, `code`, `key`,
/// `number`, `secret` or `token`, in any case, or in their plural.
pub(super) fn check_identifiers(
    object: &Map<String, Value>,
    context: &'static str,
) -> Result<(), Error> {
    let intact = object
        .iter()
        .all(|(name, value)| is_intact(value, is_identifier(name)));
    if intact {
        Ok(())
    } else {
        Err(Flaw::Damaged.error(context))
    }
}

fn is_intact(value: &Value, is_identified: bool) -> bool {
    match value {
        Value::String(text) => !is_identified || !text.contains(DAMAGE),
        Value::Array(values) => values.iter().all(|value| is_intact(value, is_identified)),
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| is_intact(value, is_identifier(name))),
        _ => true,
    }
}

fn is_identifier(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let singular = name.strip_suffix('s').unwrap_or(&name);
    ["id", "code", "key", "number", "secret", "token"]
        .iter()
        .any(|ending| singular.ends_with(ending))
}
