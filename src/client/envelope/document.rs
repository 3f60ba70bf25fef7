//! The JSON document of an answer: parsed strictly, with damaged text repaired.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::repair::repair;
use super::{Flaw, range};
use crate::client::lenient::DAMAGE;
use crate::error::Error;
use crate::trace;

/// Returns the one JSON object that `body` is, of any content. `context` names the call.
pub(in crate::client) fn object(
    body: &[u8],
    context: &'static str,
) -> Result<Map<String, Value>, Error> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let object = strict(body).or_else(|| repaired(body, context));
    // The parser's own message may quote the body.
    object.ok_or_else(|| Flaw::Json.error(context))
}

fn strict(body: &[u8]) -> Option<Map<String, Value>> {
    let Unrepeated = serde_json::from_slice(body).ok()?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

/// The object in a body that is strict JSON apart from damaged text in values and numbers beyond `f64`.
fn repaired(body: &[u8], context: &'static str) -> Option<Map<String, Value>> {
    let repaired = repair(body);
    let text = repaired.as_deref().or_else(|| str::from_utf8(body).ok())?;
    let bounded = range::bound(text);
    let object = strict(bounded.as_deref().or(repaired.as_deref())?.as_bytes())?;
    if repaired.is_some() {
        warn_of_damage(&object, context)?;
    }
    Some(object)
}

/// Logs the names of the members with damaged text; `None` if a name itself is damaged.
fn warn_of_damage(object: &Map<String, Value>, context: &'static str) -> Option<()> {
    let mut damaged = BTreeSet::new();
    find_damage("", object, &mut damaged)?;
    let mut fields = String::new();
    for (within, name) in damaged {
        let point = if within.is_empty() { "" } else { "." };
        fields.extend([
            if fields.is_empty() { "" } else { " " },
            within,
            point,
            name,
        ]);
    }
    trace::warn!(call = context, fields = %trace::outside(&fields), "upstream answer: damaged text replaced by U+FFFD");
    Some(())
}

/// Members with damaged text, each with the name of its object.
type Damaged<'a> = BTreeSet<(&'a str, &'a str)>;

/// Adds the members with damaged text; `None` if a name itself is damaged.
fn find_damage<'a>(
    within: &'a str,
    object: &'a Map<String, Value>,
    damaged: &mut Damaged<'a>,
) -> Option<()> {
    object.iter().try_for_each(|(name, value)| {
        let is_intact = !name.contains(DAMAGE);
        is_intact
            .then(|| find_damage_in(value, (within, name), damaged))
            .flatten()
    })
}

fn find_damage_in<'a>(
    value: &'a Value,
    member: (&'a str, &'a str),
    damaged: &mut Damaged<'a>,
) -> Option<()> {
    match value {
        Value::String(text) if text.contains(DAMAGE) => {
            damaged.insert(member);
        }
        Value::Array(values) => values
            .iter()
            .try_for_each(|value| find_damage_in(value, member, damaged))?,
        Value::Object(members) => find_damage(member.1, members, damaged)?,
        _ => {}
    }
    Some(())
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
