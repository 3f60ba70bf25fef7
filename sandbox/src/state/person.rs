//! Managers who can log in at Weika.

use super::school::School;

/// A manager of schools.
#[derive(Clone, Debug)]
pub struct Person {
    id: String,
    user_id: String,
    name: String,
    pub(crate) schools: Vec<School>,
    pub(crate) current_school: Option<School>,
    pub(crate) real_info: Option<RealInfo>,
    pub(crate) media_info: Option<MediaInfo>,
    pub(crate) role_id: i64,
    pub(crate) parent_id: i64,
}

/// Real-name data.
#[derive(Clone, Debug)]
pub(crate) struct RealInfo {
    pub(crate) card_number: String,
    pub(crate) name: String,
    pub(crate) kind: IdentityKind,
}

/// The school's main official account.
#[derive(Clone, Debug)]
pub(crate) struct MediaInfo {
    pub(crate) app_id: String,
    pub(crate) media_id: String,
}

impl Person {
    /// Returns a manager without schools and without real-name data. `id` names the person in the
    /// sandbox's links; `user_id` is given to the application; `name` is the WeChat nick name.
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

    /// Adds a school that the person manages.
    #[must_use]
    pub fn school(mut self, school: School) -> Self {
        self.schools.push(school);
        self
    }

    /// Sets the school that the person manages now; it need not be among the others.
    #[must_use]
    pub fn current_school(mut self, school: School) -> Self {
        self.current_school = Some(school);
        self
    }

    /// Sets the real-name data: number of the campus card, name, and the person's relation to the
    /// school.
    #[must_use]
    pub fn real_info(
        mut self,
        card_number: impl Into<String>,
        name: impl Into<String>,
        kind: IdentityKind,
    ) -> Self {
        self.real_info = Some(RealInfo {
            card_number: card_number.into(),
            name: name.into(),
            kind,
        });
        self
    }

    /// Sets the school's main official account: APPID and original ID (`gh_…`).
    #[must_use]
    pub fn media_info(mut self, app_id: impl Into<String>, media_id: impl Into<String>) -> Self {
        self.media_info = Some(MediaInfo {
            app_id: app_id.into(),
            media_id: media_id.into(),
        });
        self
    }

    /// Sets the role group (角色组) and the one above it.
    #[must_use]
    pub const fn role(mut self, role_id: i64, parent_id: i64) -> Self {
        self.role_id = role_id;
        self.parent_id = parent_id;
        self
    }

    /// Returns the name of the person in the sandbox's links.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the `user_id` that the application gets.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Returns the WeChat nick name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the five people who can log in unless others are configured: `wang` has everything,
    /// `li` no real-name data, `chen` an emoji in the name and several platforms, `zhao` no school
    /// at all, `sun` is alone in a role group, for applications that reject a user.
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
                .school(first.clone())
                .school(second)
                .school(private.clone())
                .current_school(private)
                .real_info("2021000042", "陈晨", IdentityKind::Student)
                .role(3, 1),
            Self::new("zhao", "oSandboxZhao0000000000000004", "赵工").role(9, 0),
            Self::new("sun", "oSandboxSun00000000000000005", "孙老师")
                .school(first.clone())
                .current_school(first)
                .role(99, 0),
        ]
    }

    /// Returns every school of the person; the current one may appear twice.
    pub(crate) fn all_schools(&self) -> impl Iterator<Item = &School> {
        self.schools.iter().chain(&self.current_school)
    }
}

/// Relation of a person to a school.
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn examples_have_identifiers_of_the_documented_form() {
        let people = Person::examples();
        let ids: HashSet<_> = people.iter().map(|it| it.user_id.clone()).collect();
        assert_eq!(ids.len(), people.len());
        assert!(ids.iter().all(|id| id.len() == 28 && id.starts_with('o')));
        assert!(School::examples().iter().all(|it| it.code().len() == 10));
    }
}
