//! What is around every answer: one JSON object with an error number in it.
//!
//! 1. Exactly one JSON value, an object; a byte order mark before it is skipped (RFC 8259 §8.1). No lenient
//!    parsing: the slips in the documents are in the documents only.
//! 2. A member that occurs twice makes the answer malformed, at any depth: which one counts depends on the
//!    parser, and one of them could say `0`.
//! 3. The error number must be there. It is a success if it is the integer `0` or the string `"0"`, and
//!    nothing else: no `0.0`, no `"00"`, no `false`, no `null`.
//! 4. Any other integer is looked up in the table of the upstream system.
//!
//! An answer is never quoted in an error.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

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
        let object = object(body).map_err(|flaw| flaw.error(context))?;
        match code(object.get(self.code_member)) {
            Some(0) => Ok(object),
            Some(code) => Err(Error::new(self.codes.reaction(code).kind(), context).with_upstream_code(code)),
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

fn object(body: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match serde_json::from_slice(body) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        // The parser's own message may quote the body.
        Ok(Strict(_)) | Err(_) => Err(Flaw::Json),
    }
}

fn code(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    let code = lenient::integer(value)?;
    // Of all that reads as zero only these two are a success.
    let sound = code != 0 || value.is_number() || value.as_str() == Some("0");
    sound.then_some(code)
}

/// A JSON value without repeated members; `serde_json` by itself would keep the last one.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = object.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("repeated member"));
            }
        }
        Ok(Value::Object(members))
    }
}
