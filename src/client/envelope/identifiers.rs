use serde_json::{Map, Value};

use super::ParseError;
use crate::client::values::DAMAGE;
use crate::error::Error;

/// Rejects a response that is returned as a whole if an identifier in it has damaged text, because two damaged
/// identifiers could look the same. A member is an identifier if its name ends in `id`, `code`, `key`, `number`,
/// `secret` or `token`, in any case, or in their plural.
pub(in crate::client) fn check_identifiers(
    object: &Map<String, Value>,
    context: &'static str,
) -> Result<(), Error> {
    if are_intact(object) {
        Ok(())
    } else {
        Err(ParseError::DamagedIdentifier.error(context))
    }
}

fn are_intact(object: &Map<String, Value>) -> bool {
    object
        .iter()
        .all(|(name, value)| is_intact(value, is_identifier(name)))
}

fn is_intact(value: &Value, is_identified: bool) -> bool {
    match value {
        Value::String(text) => !is_identified || !text.contains(DAMAGE),
        Value::Array(values) => values.iter().all(|value| is_intact(value, is_identified)),
        Value::Object(members) => are_intact(members),
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
