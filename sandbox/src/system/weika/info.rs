//! Members of Weika's responses about a manager and about a school.

use serde_json::{Value, json};

use crate::state::person::{IdentityKind, Person};
use crate::state::school::School;
use crate::state::variation::{HostForm, IdentityNumbering, Variation, absent_object};

/// Returns the members of a `get-manager-info` response, without `errcode` and `errmsg`.
pub(crate) fn manager_info(person: &Person, variations: &[Variation]) -> Value {
    let mut schools: Vec<Value> = person
        .schools
        .iter()
        .map(|it| school_entry(it, variations))
        .collect();
    // The document's own example ends with an empty one.
    schools.push(json!({}));
    let mut info = json!({
        "user_id": person.user_id(),
        "name": person.name(),
        "schools": schools,
        "role_id": person.role_id,
        "parent_id": person.parent_id,
    });
    let real_info = person.real_info.as_ref().map(|it| {
        let identity_type = identity_type(it.kind, variations);
        json!({ "card_number": it.card_number, "name": it.name, "identity_type": identity_type })
    });
    let media_info = person.media_info.as_ref();
    let media_info = media_info.map(|it| json!({ "app_id": it.app_id, "media_id": it.media_id }));
    let current_school = person
        .current_school
        .as_ref()
        .map(|it| school_entry(it, variations));
    for (name, object) in [
        ("manager_real_info", real_info),
        ("media_info", media_info),
        ("cur_school", current_school),
    ] {
        if let Some(object) = object.or_else(|| absent_object(variations)) {
            info[name] = object;
        }
    }
    info
}

/// Returns the members of a `school-info` response, without `errcode` and `errmsg`.
pub(crate) fn school_info(school: &School, variations: &[Variation]) -> Value {
    json!({
        "name": school.name(),
        "badge": "//sandbox.invalid/badge.png",
        "manage_logo": "//sandbox.invalid/logo.png",
        "local_host": host(school, variations),
        "local_deploy": platform(school),
        "gate_host": host(school, variations),
    })
}

/// Returns 0 for uni, 1 for wecard, 2 for a private platform (私有化).
fn platform(school: &School) -> i64 {
    match school.host() {
        "https://uni.weixiao.qq.com" => 0,
        "https://open.wecard.qq.com" => 1,
        _ => 2,
    }
}

fn school_entry(school: &School, variations: &[Variation]) -> Value {
    json!({
        "school_code": school.code(),
        "school_name": school.name(),
        "host": host(school, variations),
    })
}

fn host(school: &School, variations: &[Variation]) -> String {
    let form = variations.iter().find_map(|variation| match variation {
        Variation::Host(form) => Some(form),
        _ => None,
    });
    match form {
        None => school.host().to_owned(),
        Some(HostForm::TrailingSlash) => format!("{}/", school.host()),
        Some(HostForm::Http) => school.host().replacen("https://", "http://", 1),
        Some(HostForm::Foreign) => "https://weika.attacker.example".to_owned(),
        Some(HostForm::PrivateIp) => "https://10.0.0.7".to_owned(),
        Some(HostForm::Is(host)) => host.clone(),
    }
}

fn identity_type(kind: IdentityKind, variations: &[Variation]) -> Value {
    let (classification, school) = match kind {
        IdentityKind::Other => (1, 0),
        IdentityKind::Student => (2, 1),
        IdentityKind::Staff => (3, 4),
        IdentityKind::Alumni => (4, 5),
    };
    if variations.contains(&Variation::IdentityType(IdentityNumbering::School)) {
        json!(school)
    } else if variations.contains(&Variation::IdentityType(IdentityNumbering::Classification)) {
        json!(classification)
    } else {
        json!(classification.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::variation::MissingForm;

    #[test]
    fn every_platform_has_its_number() {
        let numbers = School::examples().map(|it| school_info(&it, &[])["local_deploy"].clone());
        assert_eq!(numbers, [json!(0), json!(1), json!(2)]);
    }

    #[test]
    fn host_takes_every_form() {
        let school = &School::examples()[0];
        for (form, host) in [
            (HostForm::TrailingSlash, "https://uni.weixiao.qq.com/"),
            (HostForm::Http, "http://uni.weixiao.qq.com"),
            (HostForm::Foreign, "https://weika.attacker.example"),
            (HostForm::PrivateIp, "https://10.0.0.7"),
            (
                HostForm::Is("http://127.0.0.1:9".to_owned()),
                "http://127.0.0.1:9",
            ),
        ] {
            assert_eq!(school_entry(school, &[Variation::Host(form)])["host"], host);
        }
    }

    #[test]
    fn identity_type_takes_every_numbering() {
        use IdentityKind::{Alumni, Other, Staff, Student};
        let numbers = |variations: &[Variation]| {
            [Other, Student, Staff, Alumni].map(|it| identity_type(it, variations))
        };
        assert_eq!(numbers(&[]), ["1", "2", "3", "4"].map(|it| json!(it)));
        let school = Variation::IdentityType(IdentityNumbering::School);
        assert_eq!(numbers(&[school]), [0, 1, 4, 5].map(|it| json!(it)));
        let classification = Variation::IdentityType(IdentityNumbering::Classification);
        assert_eq!(numbers(&[classification]), [1, 2, 3, 4].map(|it| json!(it)));
    }

    #[test]
    fn absent_objects_are_absent_unless_a_quirk_says_how_they_are_empty() {
        let zhao = Person::examples().remove(3);
        for (variation, expected) in [
            (None, None),
            (Some(MissingForm::Null), Some(Value::Null)),
            (Some(MissingForm::EmptyArray), Some(json!([]))),
            (Some(MissingForm::EmptyObject), Some(json!({}))),
        ] {
            let variations: Vec<_> = variation.map(Variation::MissingAs).into_iter().collect();
            let info = manager_info(&zhao, &variations);
            for name in ["manager_real_info", "media_info", "cur_school"] {
                assert_eq!(info.get(name), expected.as_ref(), "{name}");
            }
        }
    }
}
