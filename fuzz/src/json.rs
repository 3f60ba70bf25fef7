//! The naive reading of JSON: `serde_json` alone, with the repeated members of all objects reported.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Returns the object that a body is, if it is strict JSON; a byte order mark is skipped.
pub fn strict_object(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(without_mark(body)) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Returns the reading of a record that was read. There is none of a list, from which `serde` reads
/// the members too, and none if text or a number of an unknown member is invalid: `serde` does not
/// look into it.
pub fn record(bytes: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(bytes);
    let IgnoredAny = serde_json::from_str(&text).expect("a record is JSON");
    serde_json::from_str(&text).ok().filter(Value::is_object)
}

/// Returns whether a member is a string that can be an identifier.
pub fn has_identifier(object: &Map<String, Value>, member: &str) -> bool {
    let text = object
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default();
    (1..=512).contains(&text.len()) && !text.chars().any(|it| it.is_control() || it == '\u{fffd}')
}

/// Returns whether a member is a string that can be a token in a header.
pub fn has_bearer(object: &Map<String, Value>, member: &str) -> bool {
    let text = object
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default();
    (1..=4096).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
}

/// Returns whether a member of strict JSON occurs twice in its object.
pub fn has_repeated_members(body: &[u8]) -> bool {
    serde_json::from_slice::<Repeated>(without_mark(body)).is_ok_and(|repeated| repeated.0)
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// Returns the object that a response is about: the whole one if it has the member, otherwise that in `data`.
pub fn about<'a>(object: &'a Map<String, Value>, member: &str) -> &'a Map<String, Value> {
    match (object.get(member), object.get("data")) {
        (None | Some(Value::Null), Some(Value::Object(data))) if !data.is_empty() => data,
        _ => object,
    }
}

/// Returns whether a member is exactly the integer `code`, or its plain digits in a string.
pub fn is_code(object: &Map<String, Value>, member: &str, code: i64) -> bool {
    match object.get(member) {
        Some(Value::Number(number)) => number.is_i64() && number.as_i64() == Some(code),
        Some(Value::String(text)) => *text == code.to_string(),
        _ => false,
    }
}

/// Checks an identifier of a successful response against the naive reading of the body.
#[track_caller]
pub fn assert_identifier(found: &str, object: &Map<String, Value>, member: &str) {
    let expected = about(object, member).get(member);
    let is_same = match expected {
        Some(Value::String(text)) => text == found,
        Some(Value::Number(number)) => number.as_f64() == found.parse().ok(),
        _ => false,
    };
    assert!(is_same, "{member}: {found:?} from {expected:?}");
    assert!(
        (1..=4096).contains(&found.len()) && !found.contains(['\u{fffd}', '\0', '\n']),
        "{found:?}"
    );
}

struct Repeated(bool);

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Search)
    }
}

struct Search;

impl<'de> Visitor<'de> for Search {
    type Value = Repeated;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Repeated, A::Error> {
        let (mut names, mut found) = (BTreeSet::new(), false);
        while let Some((name, value)) = map.next_entry::<String, Repeated>()? {
            found |= value.0 | !names.insert(name);
        }
        Ok(Repeated(found))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Repeated, A::Error> {
        let mut found = false;
        while let Some(value) = list.next_element::<Repeated>()? {
            found |= value.0;
        }
        Ok(Repeated(found))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Repeated, E> {
        Ok(Repeated(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Repeated, E> {
        Ok(Repeated(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Repeated, E> {
        Ok(Repeated(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Repeated, E> {
        Ok(Repeated(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Repeated, E> {
        Ok(Repeated(false))
    }

    fn visit_unit<E>(self) -> Result<Repeated, E> {
        Ok(Repeated(false))
    }
}
