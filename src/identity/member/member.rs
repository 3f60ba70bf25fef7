use std::collections::BTreeMap;
use std::fmt;

use super::super::Identity;
use super::{MemberField, MemberId};

/// A member (成员) of a school, student or staff, as Weika's `get-user-info`
/// (通过access_token换取用户信息) describes one.
///
/// Source of every field: <https://wiki.weixiao.qq.com/api/third/oauth/get_user_info.html>. Only
/// the identifier is always present. Everything else depends on the scope, on the fields that
/// Tencent has granted to the application, and on the fields that the application
/// [asks for](crate::client::weika_member::WeikaMemberClientBuilder::fields): all others are
/// dropped when the response is parsed. Text has at most 512 characters and no blanks around it;
/// escape it before it goes into a page or a log.
///
/// `Debug` shows neither the card number nor the values of the optional fields.
///
/// ```
/// use tower_weika::identity::{Identity, Member, MemberField};
///
/// let mut member = Member::new("1014714333", "20230042");
/// member.name = "陈小明".to_owned();
/// let member = member.with_field(MemberField::College, ["人居环境工程学院"]);
///
/// assert_eq!((member.school_code(), member.card_number()), ("1014714333", "20230042"));
/// assert_eq!(member.subject(), "1014714333:20230042");
/// assert_eq!(member.field(MemberField::College), Some("人居环境工程学院"));
/// assert_eq!(member.field(MemberField::Email), None);
/// assert!(!format!("{member:?}").contains("20230042"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The identifier: the school and the card number.
    pub id: MemberId,
    /// The name (用户姓名); empty if it is unknown.
    pub name: String,
    /// The identity type (身份类型) in the school's own numbering: the digits of a number, however
    /// it is written, or other text; empty if it is unknown.
    ///
    /// Each school has other numbers, and none of them are those of
    /// [`IdentityType`](super::super::IdentityType). Grant rights by the entry of the school's
    /// [list](crate::client::weika_member::IdentityTypes), never by the number alone.
    pub identity_type: String,
    fields: BTreeMap<MemberField, Vec<String>>,
}

impl Member {
    /// Creates a member of whom nothing but the card number is known.
    #[must_use]
    pub fn new(school_code: &str, card_number: &str) -> Self {
        Self {
            id: MemberId::new(school_code, card_number),
            name: String::new(),
            identity_type: String::new(),
            fields: BTreeMap::new(),
        }
    }

    /// Returns the code of the school (主体代码, `ocode`).
    #[must_use]
    pub fn school_code(&self) -> &str {
        self.id.school_code()
    }

    /// Returns the number of the campus card, or the student or staff number (电子卡号/学工号).
    #[must_use]
    pub fn card_number(&self) -> &str {
        self.id.card_number()
    }

    /// Returns an optional field, if the application asked for it and the school knows it. Of a
    /// list it is the first value.
    #[must_use]
    pub fn field(&self, field: MemberField) -> Option<&str> {
        self.values(field).first().map(String::as_str)
    }

    /// Returns all values of an optional field: those of a list
    /// ([`Organization`](MemberField::Organization), [`Role`](MemberField::Role)), or at most one.
    #[must_use]
    pub fn values(&self, field: MemberField) -> &[String] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// Returns the member with these values of a field. Without a value the field is absent.
    #[must_use]
    pub fn with_field(
        mut self,
        field: MemberField,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        if values.is_empty() {
            self.fields.remove(&field);
        } else {
            self.fields.insert(field, values);
        }
        self
    }

    /// Returns the fields that are present.
    pub fn fields(&self) -> impl Iterator<Item = MemberField> {
        self.fields.keys().copied()
    }
}

impl Identity for Member {
    fn subject(&self) -> &str {
        self.id.as_str()
    }

    fn school(&self) -> Option<&str> {
        Some(self.school_code())
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("identity_type", &self.identity_type)
            .field("fields", &self.fields.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_card_number_and_no_value_of_a_field() {
        let member = Member::new("1014714333", "20230042")
            .with_field(MemberField::IdCard, ["44030520020319401X"])
            .with_field(MemberField::Role, ["1", "2"]);
        let shown = format!("{member:?} {:?}", member.id);
        assert!(
            shown.contains("1014714333") && shown.contains("IdCard"),
            "{shown}"
        );
        assert!(
            !shown.contains("20230042") && !shown.contains("4403"),
            "{shown}"
        );
    }

    #[test]
    fn equal_card_numbers_of_two_schools_are_two_subjects() {
        let subject = |school| Member::new(school, "42").subject().to_owned();
        assert_ne!(subject("1"), subject("2"));
    }

    #[test]
    fn parts_of_the_identifier_are_kept_as_they_are() {
        for (school, card) in [("1", "a:b"), ("1", ""), ("", "7"), ("主体", "学号")] {
            let id = MemberId::new(school, card);
            assert_eq!((id.school_code(), id.card_number()), (school, card));
        }
    }
}
