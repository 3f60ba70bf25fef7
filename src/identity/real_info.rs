use std::fmt;

/// Real-name data of a manager (管理员实名信息). `Debug` does not show the card number.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RealInfo {
    /// The number of the electronic card, or the student or staff number (管理员电子卡号/学工号);
    /// empty if it is unknown.
    pub card_number: String,
    /// The real name (管理员姓名); empty if it is unknown.
    pub name: String,
    /// The identity type (身份类型): the digits of a number, however it is written, or other text
    /// of the upstream system. Weika has three numberings of it.
    pub identity_type: String,
}

/// The identity types that the manager page of Weika numbers from 1 to 4, and by which a school
/// classifies [its own](crate::identity::SchoolIdentityType).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum IdentityType {
    /// 其他, 1.
    Other,
    /// 学生, 2.
    Student,
    /// 教职工, 3.
    Staff,
    /// 校友, 4.
    Alumni,
}

impl RealInfo {
    /// Creates real-name data; an empty field is unknown.
    pub fn new(
        card_number: impl Into<String>,
        name: impl Into<String>,
        identity_type: impl Into<String>,
    ) -> Self {
        Self {
            card_number: card_number.into(),
            name: name.into(),
            identity_type: identity_type.into(),
        }
    }

    /// Returns the meaning of [`identity_type`](Self::identity_type) by the manager page (1 为其他,
    /// 2 为学生, 3 为教职工, 4 为校友). Grant no rights by it: other pages of Weika number
    /// differently.
    #[must_use]
    pub fn named_identity_type(&self) -> Option<IdentityType> {
        IdentityType::numbered(&self.identity_type)
    }
}

impl IdentityType {
    /// Returns the type with this number on the manager page, which is that of the classification
    /// in a school's list.
    pub(crate) fn numbered(digits: &str) -> Option<Self> {
        match digits {
            "1" => Some(Self::Other),
            "2" => Some(Self::Student),
            "3" => Some(Self::Staff),
            "4" => Some(Self::Alumni),
            _ => None,
        }
    }
}

impl fmt::Debug for RealInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealInfo")
            .field("card_number", &format_args!("[redacted]"))
            .field("name", &self.name)
            .field("identity_type", &self.identity_type)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Manager;

    #[test]
    fn debug_never_shows_the_card_number() {
        let manager = Manager {
            real_info: Some(RealInfo::new("20230042", "王", "3")),
            ..Manager::new("o1")
        };
        assert!(!format!("{manager:?}").contains("20230042"));
        assert_eq!(manager.real_info.unwrap().card_number, "20230042");
    }

    #[test]
    fn identity_types_are_those_of_the_manager_page_and_no_others() {
        let named = |raw: &str| RealInfo::new("", "", raw).named_identity_type();
        assert_eq!(named("1"), Some(IdentityType::Other));
        assert_eq!(named("2"), Some(IdentityType::Student));
        assert_eq!(named("3"), Some(IdentityType::Staff));
        assert_eq!(named("4"), Some(IdentityType::Alumni));
        assert_eq!(named("0"), None);
        assert_eq!(named("5"), None);
    }
}
