//! The people who can log in at the sandbox, and their schools.

use serde_json::{Value, json};

use super::quirk::{HostForm, IdentityNumbering, Quirk, missing};

/// A manager of schools.
#[derive(Clone, Debug)]
pub struct Person {
    id: String,
    user_id: String,
    name: String,
    schools: Vec<School>,
    current_school: Option<School>,
    real_info: Option<RealInfo>,
    media_info: Option<MediaInfo>,
    role_id: i64,
    parent_id: i64,
}

#[derive(Clone, Debug)]
struct RealInfo {
    card_number: String,
    name: String,
    kind: IdentityKind,
}

#[derive(Clone, Debug)]
struct MediaInfo {
    app_id: String,
    media_id: String,
}

impl Person {
    /// A manager without schools and without real-name data. `id` is what the sandbox calls the person in
    /// its links; `user_id` is what the application gets; `name` is the WeChat nick name.
    #[must_use]
    pub fn new(id: impl Into<String>, user_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            user_id: user_id.into(),
            name: name.into(),
            schools: Vec::new(),
            current_school: None,
            real_info: None,
            media_info: None,
            role_id: 1,
            parent_id: 0,
        }
    }

    /// One more school that the person manages.
    #[must_use]
    pub fn school(mut self, school: School) -> Self {
        self.schools.push(school);
        self
    }

    /// The school that the person manages now; it need not be among the others.
    #[must_use]
    pub fn current_school(mut self, school: School) -> Self {
        self.current_school = Some(school);
        self
    }

    /// Real-name data: number of the campus card, name, and what the person is to the school.
    #[must_use]
    pub fn real_info(mut self, card_number: impl Into<String>, name: impl Into<String>, kind: IdentityKind) -> Self {
        self.real_info = Some(RealInfo { card_number: card_number.into(), name: name.into(), kind });
        self
    }

    /// The school's main official account: APPID and original ID (`gh_…`).
    #[must_use]
    pub fn media_info(mut self, app_id: impl Into<String>, media_id: impl Into<String>) -> Self {
        self.media_info = Some(MediaInfo { app_id: app_id.into(), media_id: media_id.into() });
        self
    }

    /// The role group (角色组) and the one above it.
    #[must_use]
    pub const fn role(mut self, role_id: i64, parent_id: i64) -> Self {
        self.role_id = role_id;
        self.parent_id = parent_id;
        self
    }

    /// What the sandbox calls the person in its links.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the application gets as `user_id`.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The WeChat nick name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four who are there unless others are named: `wang` has everything, `li` no real-name data,
    /// `chen` an emoji in the name and several platforms, `zhao` no school at all.
    #[must_use]
    pub fn examples() -> Vec<Self> {
        let [first, second, private] = School::examples();
        vec![
            Self::new("wang", "oSandboxWang0000000000000001", "王老师")
                .school(first.clone())
                .current_school(first.clone())
                .real_info("T20180001", "王小明", IdentityKind::Staff)
                .media_info("wx0000000000000001", "gh_000000000001"),
            Self::new("li", "oSandboxLi000000000000000002", "李主任")
                .school(second.clone())
                .current_school(second.clone())
                .role(2, 1),
            Self::new("chen", "oSandboxChen0000000000000003", "陈晨🌸 <Chen & Co>")
                .school(first)
                .school(second)
                .school(private.clone())
                .current_school(private)
                .real_info("2021000042", "陈晨", IdentityKind::Student)
                .role(3, 1),
            Self::new("zhao", "oSandboxZhao0000000000000004", "赵工").role(9, 0),
        ]
    }

    pub(super) const fn role_id(&self) -> i64 {
        self.role_id
    }

    pub(super) const fn has_real_info(&self) -> bool {
        self.real_info.is_some()
    }

    pub(super) fn shown_school(&self) -> Option<&School> {
        self.current_school.as_ref().or_else(|| self.schools.first())
    }

    pub(super) fn all_schools(&self) -> impl Iterator<Item = &School> {
        self.schools.iter().chain(&self.current_school)
    }

    /// The members of a `get-manager-info` answer, without `errcode` and `errmsg`.
    pub(super) fn manager_info(&self, quirks: &[Quirk]) -> Value {
        let mut schools: Vec<Value> = self.schools.iter().map(|it| it.entry(quirks)).collect();
        // The document's own example ends with an empty one.
        schools.push(json!({}));
        let mut info = json!({
            "user_id": self.user_id,
            "name": self.name,
            "schools": schools,
            "role_id": self.role_id,
            "parent_id": self.parent_id,
        });
        let real_info = self.real_info.as_ref().map(|it| {
            let identity_type = it.kind.number(quirks);
            json!({ "card_number": it.card_number, "name": it.name, "identity_type": identity_type })
        });
        let media_info = self.media_info.as_ref();
        let media_info = media_info.map(|it| json!({ "app_id": it.app_id, "media_id": it.media_id }));
        let current_school = self.current_school.as_ref().map(|it| it.entry(quirks));
        for (name, object) in
            [("manager_real_info", real_info), ("media_info", media_info), ("cur_school", current_school)]
        {
            if let Some(object) = object.or_else(|| missing(quirks)) {
                info[name] = object;
            }
        }
        info
    }
}

/// A school or another body (主体) that is on Weika.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct School {
    code: String,
    name: String,
    host: String,
}

impl School {
    /// A school: its code (ten digits in public examples), its name, and the platform it is on.
    #[must_use]
    pub fn new(code: impl Into<String>, name: impl Into<String>, host: impl Into<String>) -> Self {
        Self { code: code.into(), name: name.into(), host: host.into() }
    }

    /// The three schools of [`Person::examples`], on Weika's two platforms and on a private one.
    #[must_use]
    pub fn examples() -> [Self; 3] {
        [
            Self::new("1000000001", "示例大学", "https://uni.weixiao.qq.com"),
            Self::new("1000000002", "示例职业技术学院", "https://open.wecard.qq.com"),
            Self::new("1000000003", "示例第一中学", "https://weika.school.example"),
        ]
    }

    /// `school_code`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// `school_name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The members of a `school-info` answer, without `errcode` and `errmsg`.
    pub(super) fn info(&self, quirks: &[Quirk]) -> Value {
        json!({
            "name": self.name,
            "badge": "//sandbox.invalid/badge.png",
            "manage_logo": "//sandbox.invalid/logo.png",
            "local_host": self.shown_host(quirks),
            "local_deploy": self.platform(),
            "gate_host": self.shown_host(quirks),
        })
    }

    /// 0 for uni, 1 for wecard, 2 for a private platform (私有化).
    fn platform(&self) -> i64 {
        match self.host.as_str() {
            "https://uni.weixiao.qq.com" => 0,
            "https://open.wecard.qq.com" => 1,
            _ => 2,
        }
    }

    fn entry(&self, quirks: &[Quirk]) -> Value {
        json!({
            "school_code": self.code,
            "school_name": self.name,
            "host": self.shown_host(quirks),
        })
    }

    fn shown_host(&self, quirks: &[Quirk]) -> String {
        let form = quirks.iter().find_map(|quirk| match quirk {
            Quirk::Host(form) => Some(form),
            _ => None,
        });
        match form {
            None => self.host.clone(),
            Some(HostForm::TrailingSlash) => format!("{}/", self.host),
            Some(HostForm::Http) => self.host.replacen("https://", "http://", 1),
            Some(HostForm::Foreign) => "https://weika.attacker.example".to_owned(),
            Some(HostForm::PrivateIp) => "https://10.0.0.7".to_owned(),
            Some(HostForm::Is(host)) => host.clone(),
        }
    }
}

/// What somebody is to a school.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IdentityKind {
    /// 其他
    Other,
    /// 学生
    Student,
    /// 教职工
    Staff,
    /// 校友
    Alumni,
}

impl IdentityKind {
    fn number(self, quirks: &[Quirk]) -> Value {
        let (classification, school) = match self {
            Self::Other => (1, 0),
            Self::Student => (2, 1),
            Self::Staff => (3, 4),
            Self::Alumni => (4, 5),
        };
        if quirks.contains(&Quirk::IdentityType(IdentityNumbering::School)) {
            json!(school)
        } else if quirks.contains(&Quirk::IdentityType(IdentityNumbering::Classification)) {
            json!(classification)
        } else {
            json!(classification.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::quirk::MissingForm;
    use super::*;

    #[test]
    fn examples_look_like_the_documents_say() {
        let people = Person::examples();
        let ids: HashSet<_> = people.iter().map(|it| it.user_id.clone()).collect();
        assert_eq!(ids.len(), people.len());
        assert!(ids.iter().all(|id| id.len() == 28 && id.starts_with('o')));
        assert!(School::examples().iter().all(|it| it.code.len() == 10));
    }

    #[test]
    fn a_platform_has_its_number() {
        let numbers = School::examples().map(|it| it.info(&[])["local_deploy"].clone());
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
            (HostForm::Is("http://127.0.0.1:9".to_owned()), "http://127.0.0.1:9"),
        ] {
            assert_eq!(school.entry(&[Quirk::Host(form)])["host"], host);
        }
    }

    #[test]
    fn identity_type_takes_every_numbering() {
        use IdentityKind::{Alumni, Other, Staff, Student};
        let numbers = |quirks: &[Quirk]| [Other, Student, Staff, Alumni].map(|it| it.number(quirks));
        assert_eq!(numbers(&[]), ["1", "2", "3", "4"].map(|it| json!(it)));
        let school = Quirk::IdentityType(IdentityNumbering::School);
        assert_eq!(numbers(&[school]), [0, 1, 4, 5].map(|it| json!(it)));
        let classification = Quirk::IdentityType(IdentityNumbering::Classification);
        assert_eq!(numbers(&[classification]), [1, 2, 3, 4].map(|it| json!(it)));
    }

    #[test]
    fn absent_objects_are_absent_unless_a_quirk_says_how_they_are_empty() {
        let zhao = Person::examples().remove(3);
        for (quirk, expected) in [
            (None, None),
            (Some(MissingForm::Null), Some(Value::Null)),
            (Some(MissingForm::EmptyArray), Some(json!([]))),
            (Some(MissingForm::EmptyObject), Some(json!({}))),
        ] {
            let quirks: Vec<_> = quirk.map(Quirk::MissingAs).into_iter().collect();
            let info = zhao.manager_info(&quirks);
            for name in ["manager_real_info", "media_info", "cur_school"] {
                assert_eq!(info.get(name), expected.as_ref(), "{name}");
            }
        }
    }
}
