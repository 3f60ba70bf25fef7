//! Strict parser of the JSON document of a response, with repair of damaged text.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::repair::repair;
use super::unrepeated::Unrepeated;
use super::{ParseError, range};
use crate::client::values::DAMAGE;
use crate::error::Error;
use crate::trace;

/// Returns the one JSON object that `body` is, with any members. `context` names the call.
pub(in crate::client) fn object(
    body: &[u8],
    context: &'static str,
) -> Result<Map<String, Value>, Error> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let object = strict(body).or_else(|| repaired(body, context));
    // The parser's own message may quote the body.
    object.ok_or_else(|| ParseError::Json.error(context))
}

fn strict(body: &[u8]) -> Option<Map<String, Value>> {
    let Unrepeated = serde_json::from_slice(body).ok()?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

/// Returns the object in a body that is strict JSON apart from damaged text in values and numbers beyond `f64`.
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

/// Logs the names of the members with damaged text. Returns `None` if a name itself is damaged.
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
    trace::warn!(call = context, fields = %trace::outside(&fields), "upstream response: damaged text replaced by U+FFFD");
    Some(())
}

/// Members with damaged text, each with the name of its object.
type Damaged<'a> = BTreeSet<(&'a str, &'a str)>;

/// Adds the members with damaged text. Returns `None` if a name itself is damaged.
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
