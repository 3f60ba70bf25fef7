//! Record of a manager.

use serde::{Deserialize, Serialize};

use super::StoredIdentity;
use crate::identity::{Manager, MediaInfo, RealInfo, School};

/// Defines the record of a type: the same fields, with serde.
macro_rules! record {
    ($record:ident of $type:ident { $($field:ident: $kind:ty),+ }) => {
        #[derive(Serialize, Deserialize)]
        struct $record {
            $($field: $kind),+
        }

        impl From<$type> for $record {
            fn from($type { $($field),+ }: $type) -> Self {
                Self { $($field),+ }
            }
        }

        impl From<$record> for $type {
            fn from($record { $($field),+ }: $record) -> Self {
                Self { $($field),+ }
            }
        }
    };
}

record!(SchoolRecord of School { code: String, name: String, host: Option<String> });
record!(RealInfoRecord of RealInfo { card_number: String, name: String, identity_type: String });
record!(MediaInfoRecord of MediaInfo { app_id: String, media_id: String });

#[derive(Serialize, Deserialize)]
struct Record {
    user_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    schools: Vec<SchoolRecord>,
    current_school: Option<String>,
    real_info: Option<RealInfoRecord>,
    media_info: Option<MediaInfoRecord>,
    role_id: Option<i64>,
    parent_id: Option<i64>,
}

impl StoredIdentity for Manager {
    const KIND: &'static str = "manager";

    fn to_record(&self) -> String {
        let manager = self.clone();
        let record = Record {
            user_id: manager.user_id.to_string(),
            name: manager.name,
            schools: manager.schools.into_iter().map(Into::into).collect(),
            current_school: manager.current_school_code,
            real_info: manager.real_info.map(Into::into),
            media_info: manager.media_info.map(Into::into),
            role_id: manager.role_id,
            parent_id: manager.parent_id,
        };
        serde_json::to_string(&record).expect("text, numbers and lists of them are JSON")
    }

    fn from_record(record: &str) -> Option<Self> {
        let record: Record = serde_json::from_str(record).ok()?;
        Some(Self {
            user_id: record.user_id.into(),
            name: record.name,
            schools: record.schools.into_iter().map(Into::into).collect(),
            current_school_code: record.current_school,
            real_info: record.real_info.map(Into::into),
            media_info: record.media_info.map(Into::into),
            role_id: record.role_id,
            parent_id: record.parent_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As version 0.1 writes it. It stays readable for ever.
    const RELEASED: &str = r#"{"user_id":"oJBUeuGd04PY53N2KVICrzNGeMSM","name":"王老师","schools":[{"code":"1014714333","name":"第一中学","host":null},{"code":"2","name":"","host":"https://card.school.edu.cn"}],"current_school":"1014714333","real_info":{"card_number":"20230042","name":"王","identity_type":"3"},"media_info":{"app_id":"wx1","media_id":"gh_1"},"role_id":7,"parent_id":0}"#;

    fn whole() -> Manager {
        let mut second = School::new("2", "");
        second.host = Some("https://card.school.edu.cn".to_owned());
        Manager {
            name: "王老师".to_owned(),
            schools: vec![School::new("1014714333", "第一中学"), second],
            current_school_code: Some("1014714333".to_owned()),
            real_info: Some(RealInfo::new("20230042", "王", "3")),
            media_info: Some(MediaInfo::new("wx1", "gh_1")),
            role_id: Some(7),
            parent_id: Some(0),
            ..Manager::new("oJBUeuGd04PY53N2KVICrzNGeMSM")
        }
    }

    #[test]
    fn format_of_records_is_stable() {
        assert_eq!(Manager::from_record(RELEASED), Some(whole()));
        assert_eq!(whole().to_record(), RELEASED);
    }

    #[test]
    fn record_of_a_later_version_with_more_fields_is_read() {
        let more = RELEASED.replacen('{', r#"{"later":[1],"#, 1);
        assert_eq!(Manager::from_record(&more), Some(whole()));
        let least = Manager::from_record(r#"{"user_id":"o1"}"#);
        assert_eq!(least, Some(Manager::new("o1")));
    }

    #[test]
    fn truncated_record_is_rejected() {
        for (end, _) in RELEASED.char_indices() {
            assert_eq!(Manager::from_record(&RELEASED[..end]), None, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(user_id: String, name: String, code: String, school: String, card: String) {
            let manager = Manager {
                name,
                schools: vec![School::new(code.clone(), school)],
                current_school_code: Some(code),
                real_info: Some(RealInfo::new(card, "", "")),
                ..Manager::new(user_id)
            };
            prop_assert_eq!(Manager::from_record(&manager.to_record()), Some(manager));
        }
    }
}
