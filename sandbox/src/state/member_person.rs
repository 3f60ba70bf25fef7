//! Members of schools: students and staff, who log in at Weika with their campus card.

use serde_json::{Map, Value, json};

use super::school::School;

/// A member of one school.
#[derive(Clone, Debug)]
pub struct MemberPerson {
    id: String,
    school: School,
    card_number: String,
    pub(crate) identity_type: Option<String>,
    /// Members of the user info beside `ocode`, `card_number` and `identity_type`.
    pub(crate) fields: Map<String, Value>,
}

impl MemberPerson {
    /// Returns a member of whom the school knows nothing but the card number. `id` names the person
    /// in the sandbox's links.
    #[must_use]
    pub fn new(id: impl Into<String>, school: School, card_number: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            school,
            card_number: card_number.into(),
            identity_type: None,
            fields: Map::new(),
        }
    }

    /// Sets the name, and the identity type: an `identity_type` of the school's list.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>, identity_type: impl Into<String>) -> Self {
        self.identity_type = Some(identity_type.into());
        self.field("name", name.into())
    }

    /// Sets another member of the user info, such as `college`.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Returns the name of the person in the sandbox's links.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the school.
    #[must_use]
    pub const fn school(&self) -> &School {
        &self.school
    }

    /// Returns the `card_number`.
    #[must_use]
    pub fn card_number(&self) -> &str {
        &self.card_number
    }

    /// Returns the name; empty if the school knows none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.fields
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Returns the members who can log in unless others are configured, of two schools. At the
    /// first: `wang`, a member of staff with every documented field, `li`, a student, and `bare`,
    /// of whom nothing is known. At the second, whose identity types have other numbers: `lin`, a
    /// student with the card number of `li`, and `zhou`, a teacher.
    #[must_use]
    pub fn examples() -> Vec<Self> {
        let [first, second, _] = School::examples();
        vec![
            Self::new("wang", first.clone(), "T20180001")
                .named("王小明", "4")
                .with_every_field(),
            Self::new("li", first.clone(), "2021000042")
                .named("李晨🌸 <Li & Co>", "1")
                .field("college", "人居环境工程学院")
                .field("profession", " 工程造价")
                .field("head_image", ""),
            Self::new("bare", first, "07302590"),
            Self::new("lin", second.clone(), "2021000042").named("林一", "110"),
            Self::new("zhou", second, "90001").named("周老师", "111"),
        ]
    }

    fn with_every_field(self) -> Self {
        let fields = json!({
            "grade": "2016",
            "college": "人居环境工程学院",
            "profession": " 工程造价",
            "class": "1班",
            "identity_title": "部长",
            "gender": 1,
            "head_image": "",
            "organization": [2, 222, 496],
            "role": [1, 2],
            "campus": "东校区",
            "dorm_number": "至善园",
            "physical_chip_number": "xaqwecf",
            "physical_card_number": "fqweasd",
            "nation": "汉族",
            "birthday": "20020319",
            "origin_place": "深圳市",
            "graduated_school": "示例中学",
            "address": "广东省深圳市",
            "contact_person": "王大明",
            "contact_phone": "(+86)13800000000",
            "email": "wang@school.example",
            "id_card": "00000020020319000X",
            "telephone": "(+86)13800000001",
            "start_at": "2019-10-14 00:00:00",
            "expire_at": "2039-10-18 00:00:00",
            "updated_at": "2019-10-16 00:00:00",
        });
        let Value::Object(fields) = fields else {
            return self;
        };
        fields
            .into_iter()
            .fold(self, |person, (name, value)| person.field(name, value))
    }
}

/// One entry of a school's list of identity types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IdentityTypeEntry {
    pub(crate) identity_type: i64,
    pub(crate) name: &'static str,
    pub(crate) classification: i64,
}

impl IdentityTypeEntry {
    pub(crate) const fn classification_name(self) -> &'static str {
        match self.classification {
            2 => "学生",
            3 => "教职工",
            4 => "校友",
            _ => "其他",
        }
    }

    /// Returns the list of a school. Each school has its own numbers: those of the second example
    /// are not those of any other.
    pub(crate) fn of(school: &School) -> &'static [Self] {
        if *school == School::examples()[1] {
            &SECOND
        } else {
            &DOCUMENTED
        }
    }
}

const DOCUMENTED: [IdentityTypeEntry; 5] = [
    entry(0, "其他", 1),
    entry(1, "学生", 2),
    entry(4, "教职工", 3),
    entry(5, "校友", 4),
    entry(6, "本科生", 2),
];

const SECOND: [IdentityTypeEntry; 3] = [
    entry(110, "在校生", 2),
    entry(111, "教师", 3),
    entry(112, "访客", 1),
];

const fn entry(identity_type: i64, name: &'static str, classification: i64) -> IdentityTypeEntry {
    IdentityTypeEntry {
        identity_type,
        name,
        classification,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_has_an_identity_type_of_the_schools_list() {
        for person in MemberPerson::examples() {
            let Some(identity_type) = &person.identity_type else {
                continue;
            };
            let list = IdentityTypeEntry::of(person.school());
            assert!(
                list.iter()
                    .any(|entry| entry.identity_type.to_string() == *identity_type),
                "{person:?}"
            );
        }
    }

    #[test]
    fn card_numbers_of_the_examples_are_unique_within_a_school_only() {
        let examples = MemberPerson::examples();
        let of = |id: &str| examples.iter().find(|it| it.id() == id).unwrap();
        assert_eq!(of("li").card_number(), of("lin").card_number());
        assert_ne!(of("li").school(), of("lin").school());
    }
}
