//! Record of a member.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::StoredIdentity;
use crate::identity::{Member, MemberField};

#[derive(Serialize, Deserialize)]
struct Record {
    school_code: String,
    card_number: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    identity_type: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, Vec<String>>,
}

impl StoredIdentity for Member {
    const KIND: &'static str = "member";

    fn to_record(&self) -> String {
        let field = |field: MemberField| {
            let values = self.values(field).to_vec();
            (field.as_str().to_owned(), values)
        };
        let record = Record {
            school_code: self.school_code().to_owned(),
            card_number: self.card_number().to_owned(),
            name: self.name.clone(),
            identity_type: self.identity_type.clone(),
            fields: self.fields().map(field).collect(),
        };
        serde_json::to_string(&record).expect("text and lists of it are JSON")
    }

    fn from_record(record: &str) -> Option<Self> {
        let record: Record = serde_json::from_str(record).ok()?;
        let mut member = Self::new(&record.school_code, &record.card_number);
        member.name = record.name;
        member.identity_type = record.identity_type;
        // A later version may know more fields.
        let fields = record.fields.into_iter();
        let known = fields.filter_map(|(name, values)| Some((MemberField::named(&name)?, values)));
        Some(known.fold(member, |member, (field, values)| {
            member.with_field(field, values)
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As version 0.1 writes it. It stays readable for ever.
    const RELEASED: &str = r#"{"school_code":"1014714333","card_number":"20230042","name":"陈小明","identity_type":"6","fields":{"college":["人居环境工程学院"],"organization":["2","222"]}}"#;

    fn whole() -> Member {
        let mut member = Member::new("1014714333", "20230042");
        member.name = "陈小明".to_owned();
        member.identity_type = "6".to_owned();
        member
            .with_field(MemberField::Organization, ["2", "222"])
            .with_field(MemberField::College, ["人居环境工程学院"])
    }

    #[test]
    fn format_of_records_is_stable() {
        assert_eq!(Member::from_record(RELEASED), Some(whole()));
        assert_eq!(whole().to_record(), RELEASED);
    }

    #[test]
    fn record_of_a_later_version_with_more_fields_is_read() {
        let more = RELEASED.replacen('{', r#"{"later":[1],"#, 1);
        let more = more.replacen(r#""college""#, r#""shoe_size":["42"],"college""#, 1);
        assert_eq!(Member::from_record(&more), Some(whole()));
        let least = Member::from_record(r#"{"school_code":"1","card_number":"2"}"#);
        assert_eq!(least, Some(Member::new("1", "2")));
    }

    #[test]
    fn truncated_record_is_rejected() {
        for (end, _) in RELEASED.char_indices() {
            assert_eq!(Member::from_record(&RELEASED[..end]), None, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_written_and_read_back(school: String, card: String, name: String, value: String) {
            let mut member = Member::new(&school, &card).with_field(MemberField::Address, [value]);
            member.name = name;
            prop_assert_eq!(Member::from_record(&member.to_record()), Some(member));
        }
    }
}
