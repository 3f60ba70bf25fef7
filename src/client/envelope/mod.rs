//! What is around every answer: one JSON object with an error number in it.
//!
//! 1. Exactly one JSON value, an object; a byte order mark before it is skipped (RFC 8259 §8.1). No lenient
//!    parsing: the slips in the documents are in the documents only.
//! 2. A member that occurs twice makes the answer malformed, at any depth: which one counts depends on the
//!    parser, and one of them could say `0`.
//! 3. The error number must be there. It is a success if it is the integer `0` or the string `"0"`, and
//!    nothing else: no `0.0`, no `"00"`, no `false`, no `null`. The same goes for other numbers that are answers.
//! 4. Any other integer is looked up in the table of the upstream system.
//!
//! An answer is never quoted in an error.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::code::CodeTable;
use super::lenient::{self, Members};
use crate::error::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// How the answers of one upstream system are marked.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// The name of the member with the error number.
    code_member: &'static str,
    codes: CodeTable,
}

impl Envelope {
    pub(super) fn new(code_member: &'static str, codes: CodeTable) -> Self {
        Self { code_member, codes }
    }

    /// The object in `body`, if it says that the call was successful. `context` names the call.
    pub(super) fn open(&self, body: &[u8], context: &'static str) -> Result<Map<String, Value>, Error> {
        self.open_or(&[], body, context).map(|(_, object)| object)
    }

    /// The same, where some numbers besides 0 are answers and no errors; with the number.
    pub(super) fn open_or(
        &self,
        answers: &[i64],
        body: &[u8],
        context: &'static str,
    ) -> Result<(i64, Map<String, Value>), Error> {
        let object = object(body).map_err(|flaw| flaw.error(context))?;
        match code(object.get(self.code_member), answers) {
            Some(code) if code == 0 || answers.contains(&code) => Ok((code, object)),
            Some(code) => Err(self.codes.error(code, context)),
            None => Err(Flaw::Code(self.code_member).error(context)),
        }
    }
}

/// The members that hold `needed`: those at the top, or those of `data`, where some pages say they are.
pub(super) fn members<'a>(object: &'a Map<String, Value>, needed: &str) -> Members<'a> {
    let top = Members::new(object);
    if top.has(needed) { top } else { top.object("data").unwrap_or(top) }
}

/// What is wrong with an answer. The source of an [`Error`]; quotes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("the answer is not one JSON object without repeated members")]
    Json,
    #[error("the answer has no readable {0:?}")]
    Code(&'static str),
    #[error("the answer has no usable {0:?}")]
    Member(&'static str),
}

impl Flaw {
    pub(super) fn error(self, context: &'static str) -> Error {
        Error::new(ErrorKind::Malformed, context).with_source(self)
    }
}

/// The one JSON object that `body` is, whatever it says.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let unrepeated = serde_json::from_slice::<Unrepeated>(body);
    match unrepeated.and_then(|Unrepeated| serde_json::from_slice(body)) {
        Ok(Value::Object(object)) => Ok(object),
        // The parser's own message may quote the body.
        Ok(_) | Err(_) => Err(Flaw::Json),
    }
}

/// The error number that `value` is, where it can be one. A number that lets somebody in, which is 0 or one of
/// `answers`, has to be the integer itself or its plain digits: no `0.0`, no `"00"`.
pub(super) fn code(value: Option<&Value>, answers: &[i64]) -> Option<i64> {
    let value = value?;
    let code = lenient::integer(value)?;
    let is_integer = value.as_u64().is_some_and(|number| i64::try_from(number) == Ok(code));
    let is_plain = is_integer || value.as_str().is_some_and(|text| text == code.to_string());
    let lets_in = code == 0 || answers.contains(&code);
    (is_plain || !lets_in).then_some(code)
}

/// Any JSON value in which no object has two members of one name; `serde_json` by itself would keep the last.
///
/// It only looks, and the value is read a second time: how numbers arrive at a visitor depends on features of
/// `serde_json` that any crate in the tree may switch on.
struct Unrepeated;

impl<'de> Deserialize<'de> for Unrepeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnrepeatedVisitor)
    }
}

struct UnrepeatedVisitor;

impl<'de> Visitor<'de> for UnrepeatedVisitor {
    type Value = Unrepeated;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unrepeated, A::Error> {
        while list.next_element::<Unrepeated>()?.is_some() {}
        Ok(Unrepeated)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Unrepeated, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, Unrepeated)) = object.next_entry::<String, Unrepeated>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("repeated member"));
            }
        }
        Ok(Unrepeated)
    }
}
