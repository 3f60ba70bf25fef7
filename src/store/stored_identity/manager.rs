//! Record of a manager.

use serde::{Deserialize, Serialize};

use super::StoredIdentity;
use crate::identity::{Manager, MediaInfo, RealInfo, School};

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

#[derive(Serialize, Deserialize)]
struct SchoolRecord {
    code: String,
    name: String,
    host: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RealInfoRecord {
    card_number: String,
    name: String,
    identity_type: String,
}

#[derive(Serialize, Deserialize)]
struct MediaInfoRecord {
    app_id: String,
    media_id: String,
}

impl StoredIdentity for Manager {
    const KIND: &'static str = "manager";

    fn to_record(&self) -> String {
        let record = Record {
            user_id: self.user_id().as_str().to_owned(),
            name: self.name().to_owned(),
            schools: self.schools().iter().map(SchoolRecord::of).collect(),
            current_school: self.current_school().map(|school| school.code().to_owned()),
            real_info: self.real_info().map(RealInfoRecord::of),
            media_info: self.media_info().map(MediaInfoRecord::of),
            role_id: self.role_id(),
            parent_id: self.parent_id(),
        };
        serde_json::to_string(&record).expect("text, numbers and lists of them are JSON")
    }

    fn from_record(record: &str) -> Option<Self> {
        let record: Record = serde_json::from_str(record).ok()?;
        let mut manager = Self::builder(record.user_id).name(record.name);
        for school in record.schools {
            manager = manager.school(school.into_school());
        }
        if let Some(code) = record.current_school {
            manager = manager.current_school(code);
        }
        if let Some(it) = record.real_info {
            manager = manager.real_info(RealInfo::new(it.card_number, it.name, it.identity_type));
        }
        if let Some(it) = record.media_info {
            manager = manager.media_info(MediaInfo::new(it.app_id, it.media_id));
        }
        if let Some(role) = record.role_id {
            manager = manager.role_id(role);
        }
        if let Some(parent) = record.parent_id {
            manager = manager.parent_id(parent);
        }
        Some(manager.build())
    }
}

impl SchoolRecord {
    fn of(school: &School) -> Self {
        let (code, name) = (school.code().to_owned(), school.name().to_owned());
        Self {
            code,
            name,
            host: school.host().map(str::to_owned),
        }
    }

    fn into_school(self) -> School {
        let school = School::new(self.code, self.name);
        match self.host {
            Some(host) => school.with_host(host),
            None => school,
        }
    }
}

impl RealInfoRecord {
    fn of(info: &RealInfo) -> Self {
        let [card_number, name, identity_type] =
            [info.card_number(), info.name(), info.identity_type()].map(str::to_owned);
        Self {
            card_number,
            name,
            identity_type,
        }
    }
}

impl MediaInfoRecord {
    fn of(info: &MediaInfo) -> Self {
        Self {
            app_id: info.app_id().to_owned(),
            media_id: info.media_id().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As version 0.1 writes it. It stays readable for ever.
    const RELEASED: &str = r#"{"user_id":"oJBUeuGd04PY53N2KVICrzNGeMSM","name":"王老师","schools":[{"code":"1014714333","name":"第一中学","host":null},{"code":"2","name":"","host":"https://card.school.edu.cn"}],"current_school":"1014714333","real_info":{"card_number":"20230042","name":"王","identity_type":"3"},"media_info":{"app_id":"wx1","media_id":"gh_1"},"role_id":7,"parent_id":0}"#;

    fn whole() -> Manager {
        Manager::builder("oJBUeuGd04PY53N2KVICrzNGeMSM")
            .name("王老师")
            .school(School::new("1014714333", "第一中学"))
            .school(School::new("2", "").with_host("https://card.school.edu.cn"))
            .current_school("1014714333")
            .real_info(RealInfo::new("20230042", "王", "3"))
            .media_info(MediaInfo::new("wx1", "gh_1"))
            .role_id(7)
            .parent_id(0)
            .build()
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
        assert_eq!(least, Some(Manager::builder("o1").build()));
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
            let manager = Manager::builder(user_id)
                .name(name)
                .school(School::new(code.clone(), school))
                .current_school(code)
                .real_info(RealInfo::new(card, "", ""))
                .build();
            prop_assert_eq!(Manager::from_record(&manager.to_record()), Some(manager));
        }
    }
}
