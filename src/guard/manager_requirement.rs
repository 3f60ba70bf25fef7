use std::borrow::Cow;

use super::Requirement;
use crate::identity::Manager;
use crate::session::Session;

/// A manager of one role group (角色组, `role_id`), of one school, or of one role group at one
/// school.
///
/// The school is the confirmed `cur_school`, not just any of the schools of the manager.
#[derive(Clone, Debug)]
pub struct ManagerRequirement {
    school_code: Option<Box<str>>,
    role_id: Option<i64>,
}

impl ManagerRequirement {
    /// Requires a role group at any school; see [`GuardLayer::role`](super::GuardLayer::role).
    #[must_use]
    pub fn role(role_id: i64) -> Self {
        Self {
            school_code: None,
            role_id: Some(role_id),
        }
    }

    /// Requires a role group at one school; see
    /// [`GuardLayer::role_at`](super::GuardLayer::role_at).
    #[must_use]
    pub fn role_at(school_code: impl Into<Box<str>>, role_id: i64) -> Self {
        Self {
            school_code: Some(school_code.into()),
            role_id: Some(role_id),
        }
    }

    /// Requires the school with this code (主体 code); see
    /// [`GuardLayer::school`](super::GuardLayer::school).
    #[must_use]
    pub fn school(school_code: impl Into<Box<str>>) -> Self {
        Self {
            school_code: Some(school_code.into()),
            role_id: None,
        }
    }
}

impl Requirement<Manager> for ManagerRequirement {
    fn is_satisfied_by(&self, session: &Session<Manager>) -> bool {
        let manager = session.identity();
        let has_role = self.role_id.is_none_or(|id| manager.role_id == Some(id));
        let is_at_school = self.school_code.as_deref().is_none_or(|code| {
            let school = manager.current_school();
            school.is_some_and(|school| school.code == code)
        });
        has_role && is_at_school
    }

    fn description(&self) -> Cow<'_, str> {
        Cow::Owned(match (self.role_id, &self.school_code) {
            (Some(role), Some(code)) => format!("role {role} at school {code:?}"),
            (Some(role), None) => format!("role {role}"),
            (None, code) => format!("school {:?}", code.as_deref().unwrap_or_default()),
        })
    }
}
