//! Members of the replies about a person and about a school's identity types.

use serde_json::{Map, Value, json};

use super::authorize_request::Scope;
use crate::state::member_person::{IdentityTypeEntry, MemberPerson};
use crate::state::school::School;
use crate::state::variation::{IdentityNumbering, Variation, absent_object};

/// Returns the members of a `get-user-info` reply, without `errcode` and `errmsg`.
pub(crate) fn user_info(
    person: &MemberPerson,
    ocode: &str,
    scope: Scope,
    variations: &[Variation],
) -> Map<String, Value> {
    let mut info = Map::from_iter([
        ("ocode".to_owned(), json!(ocode)),
        ("card_number".to_owned(), json!(person.card_number())),
    ]);
    if scope == Scope::Base {
        return info;
    }
    let identity_type = identity_type(person, variations).or_else(|| absent_object(variations));
    info.extend(identity_type.map(|it| ("identity_type".to_owned(), it)));
    for (name, value) in &person.fields {
        let mut value = value.clone();
        if let Value::String(text) = &mut value
            && !text.is_empty()
            && variations.contains(&Variation::LeadingBlanks)
        {
            text.insert(0, ' ');
        }
        info.insert(name.clone(), value);
    }
    if let Some(absent) = absent_object(variations) {
        for name in ["name", "college", "head_image", "organization", "role"] {
            info.entry(name).or_insert_with(|| absent.clone());
        }
    }
    info
}

/// Returns `identity_type`: the number of the school's list as text, or in another numbering.
fn identity_type(person: &MemberPerson, variations: &[Variation]) -> Option<Value> {
    let raw = person.identity_type.as_deref()?;
    let entry = IdentityTypeEntry::of(person.school())
        .iter()
        .find(|it| it.identity_type.to_string() == raw);
    Some(match entry {
        Some(entry) if variations.contains(&SCHOOL) => json!(entry.identity_type),
        Some(entry) if variations.contains(&CLASSIFICATION) => json!(entry.classification),
        _ => json!(raw),
    })
}

const SCHOOL: Variation = Variation::IdentityType(IdentityNumbering::School);
const CLASSIFICATION: Variation = Variation::IdentityType(IdentityNumbering::Classification);

/// Returns the `list` of a `get-identity-type` reply.
pub(crate) fn identity_types(school: &School) -> Vec<Value> {
    let entries = IdentityTypeEntry::of(school).iter();
    let entry = |it: &IdentityTypeEntry| {
        json!({
            "identity_type": it.identity_type,
            "name": it.name,
            "classification": it.classification,
            "classification_name": it.classification_name(),
        })
    };
    entries.map(entry).collect()
}
